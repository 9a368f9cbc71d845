"""What a method is given beside the bundle that it makes a form of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from wenlu.base.errors import WenluError
from wenlu.base.events import Events
from wenlu.bundle.manifest import WEIGHTS, Description
from wenlu.bundle.predict import Runtime
from wenlu.bundle.seal import Bundle
from wenlu.corpus.version import DatasetVersion

Computes = Callable[[Bundle], Runtime]
"""Makes what computes for a bundle."""


@dataclass(frozen=True, slots=True)
class Means:
    """The dataset that the model learned from, how another is opened, what computes weights and an export, and room for
    what is made between."""

    dataset: DatasetVersion
    open_dataset: Callable[[str], DatasetVersion]
    torch: Computes
    onnx: Computes
    events: Events
    work: Path


class Method(Protocol):
    """Makes a bundle smaller or faster."""

    def __call__(self, parent: Bundle, folder: Path, means: Means) -> Description:
        """Write into the new `folder` what differs from the parent's; raises WenluError where it can't be done."""


def description_of(bundle: Bundle) -> Description:
    """A bundle's manifest without the digests."""
    told = {name: getattr(bundle.manifest, name) for name in Description.model_fields}
    return Description.model_validate(told)


def require_weights(bundle: Bundle, *, doing: str) -> None:
    """Raises WenluError `no_weights` for a form that has only its export."""
    if not (bundle.folder / WEIGHTS).is_file():
        parents = ", ".join(bundle.manifest.lineage.parents)
        raise WenluError(
            "no_weights",
            f"{bundle.title} is quantised and has no weights to {doing}.",
            hint=f"Take its parent, {parents}; in a chain, quantise last: vocabulary+int8.",
        )
