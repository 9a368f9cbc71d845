"""What the gateway has to know of a bundle: names and labels, never tensors."""

from __future__ import annotations

import msgspec

from wenlu.bundle.manifest import Manifest


class Model(msgspec.Struct, frozen=True):
    """A model as `/v1/models` shows it."""

    id: str
    version: str
    task: str
    architecture: str
    labels: list[str]
    positive: str | None
    created: str
    parameters: int
    metrics: dict[str, float]
    object: str = "model"

    @classmethod
    def of(cls, manifest: Manifest) -> Model:
        return cls(
            manifest.name, manifest.version, manifest.task, manifest.architecture.name, manifest.labels,
            manifest.positive, manifest.created, manifest.parameters, manifest.metrics,
        )  # fmt: skip
