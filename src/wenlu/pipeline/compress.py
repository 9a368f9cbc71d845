"""A model → the best of its compressed forms that keeps to a budget, on the shelf."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import yaml

from wenlu.base.errors import WenluError
from wenlu.base.events import Events
from wenlu.bundle.manifest import COMPRESSION, REPORT
from wenlu.bundle.seal import Bundle, open_bundle, seal
from wenlu.bundle.shelf import find_model, make_current
from wenlu.compression.budget import Budget, Refused, choose_form
from wenlu.compression.form import Forms, Step, step
from wenlu.compression.means import Means, description_of
from wenlu.compression.measure import Figures, Measurable, measured
from wenlu.compression.report import Compression, line, render_report
from wenlu.corpus.version import DatasetVersion
from wenlu.serving.runtimes import RUNTIMES
from wenlu.storage.local import atomic_folder, write_atomic
from wenlu.storage.names import checked_name
from wenlu.storage.workspace import Workspace

CHAINS = (
    "fp16",
    "int8",
    "int8_dynamic",
    "vocabulary,min_count=3",
    "vocabulary,min_count=3+int8",
    "prune",
    "prune+int8",
    "prune,vectors=0.7+int8",
)
"""What is tried where nobody says otherwise."""

_PARENT = "as it is"


@dataclass(frozen=True, slots=True)
class Compressed:
    """What was kept, as `name@version`, in which folder, and everything that was measured."""

    model: str
    folder: Path
    found: Compression


def compress(
    reference: str,
    workspace: Workspace,
    events: Events,
    *,
    budget: Budget | None = None,
    chains: Sequence[str] = (),
    name: str | None = None,
) -> Compressed:
    """Try chains of methods (`vocabulary,min_count=3+int8`) on a classifier, measure each beside it on this machine,
    and keep the best that meets the budget, as `name` (`REFERENCE-small` if left out).

    Raises WenluError `over_budget` where none does, and then keeps nothing.
    """
    bundle = open_bundle(find_model(workspace, reference))
    if bundle.manifest.task != "classify":
        raise WenluError(
            "no_compression",
            f"{bundle.title} is a model to {bundle.manifest.task}; a budget is in points of accuracy, for classifiers.",
        )
    kept_as = checked_name(name or f"{bundle.manifest.name}-small", what="model")
    tried = [read_chain(chain) for chain in chains or CHAINS]
    dataset = DatasetVersion.open(workspace, bundle.manifest.lineage.dataset)
    workspace.models.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".compress-", dir=workspace.root) as work:
        means = Means(
            dataset,
            lambda other: DatasetVersion.open(workspace, other),
            RUNTIMES["torch"],
            RUNTIMES["onnx"],
            events,
            Path(work),
        )
        forms, refused = _forms(bundle, tried, means)
        events.stage("measuring", reused=False)
        own = Measurable(_PARENT, bundle, means.onnx(bundle))
        parent, *figures = measured(
            [own, *(Measurable(said, form, means.onnx(form)) for said, form in forms.items())], dataset
        )
        for one in (parent, *figures):
            events.result(line(parent, one))
        choice = choose_form(parent, figures, budget or Budget())
        found = Compression(
            title=bundle.title,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            texts=dataset.count("test"),
            parent=parent,
            forms=tuple(figures),
            refused=tuple(refused),
            choice=choice,
            budget=(budget or Budget()).model_dump(),
        )
        folder, version = _shelve(forms[choice.name], found, kept_as, workspace)
    make_current(workspace, kept_as, version)
    events.result(choice.sentence)
    return Compressed(f"{kept_as}@{version}", folder, found)


def read_chain(said: str) -> list[Step]:
    """`vocabulary,min_count=3+int8` as steps; raises WenluError for what is no method or no setting of it."""
    return [step(part, _settings(part)) for part in said.split("+")]


def _settings(said: str) -> dict[str, Any]:
    name, *pairs = (part.strip() for part in said.split(","))
    settings: dict[str, Any] = {"name": name}
    for pair in pairs:
        key, sign, value = pair.partition("=")
        if not sign:
            raise WenluError("bad_settings", f"method {said}: write settings as NAME,key=value.")
        settings[key] = yaml.safe_load(value)
    return settings


def _forms(bundle: Bundle, tried: Sequence[Sequence[Step]], means: Means) -> tuple[dict[str, Bundle], list[Refused]]:
    """What each chain made of the bundle, by its name, and the chains that made nothing."""
    forms, refused = Forms(bundle, means), list[Refused]()
    made: dict[str, Bundle] = {}
    for chain in tried:
        said = "+".join(one.said for one in chain)
        means.events.stage(said, reused=False)
        try:
            form = forms.make(chain)
        except WenluError as error:
            refused.append(Refused(said, error.message))
            means.events.result(f"not possible: {error.message}")
            continue
        same = next((name for name, one in made.items() if one.manifest.version == form.manifest.version), None)
        if same is None:
            made[said] = form
        else:
            refused.append(Refused(said, f"The same as {same}, byte for byte."))
    return made, refused


def _shelve(form: Bundle, found: Compression, name: str, workspace: Workspace) -> tuple[Path, str]:
    """The form with its report under its name."""
    place = workspace.models / name / form.manifest.version
    chosen = next(one for one in found.forms if one.name == found.choice.name)
    with atomic_folder(place) as partial:
        shutil.copytree(form.folder, partial, dirs_exist_ok=True)
        write_atomic(partial / REPORT, render_report(found).encode())
        write_atomic(partial / COMPRESSION, msgspec.json.format(msgspec.json.encode(found), indent=1))
        told = {"name": name, "created": found.created, "metrics": _metrics(found.parent, chosen)}
        seal(partial, description_of(form).model_copy(update=told))
    return place, open_bundle(place).manifest.version


def _metrics(parent: Figures, form: Figures) -> dict[str, float]:
    return {
        "test_accuracy": form.accuracy,
        "parent_test_accuracy": parent.accuracy,
        "parent_disagreement": form.disagreement,
        "parent_largest_difference": form.largest_difference,
        "size": form.size,
        "speed": form.throughput / parent.throughput,
    }
