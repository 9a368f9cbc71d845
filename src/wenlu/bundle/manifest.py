"""What `bundle.json` says: what the bundle is, where it comes from, and the digest of every other file."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Literal, Self

from pydantic import model_validator

from wenlu.base.spec import Field, Spec

FORMAT: Literal[1] = 1
MANIFEST = "bundle.json"
WEIGHTS = "weights.safetensors"
ONNX = "model.onnx"
GOLDEN = "golden.jsonl"
REPORT = "report.html"
REPORT_JSON = "report.json"
TEXT = "text"
COMPRESSION = "compression.json"

# Files that say how good the model is, not what it answers: another report is not another version.
_BESIDE_THE_ANSWER = frozenset({REPORT, REPORT_JSON, COMPRESSION, MANIFEST})


class FileRecord(Spec):
    """One file of a bundle."""

    sha256: str
    bytes: int


class Architecture(Spec):
    """A row of the models and its settings, every default written out."""

    name: str
    config: dict[str, Any]


class Scale(Spec):
    """What a model of numbers gives is in deviations from the mean of what it learned: value = mean + deviation · z."""

    mean: float
    deviation: float = Field(gt=0)


class Pretraining(Spec):
    """What a model's backbone learned first, from texts without labels; loss and accuracy are those at masked places of
    texts that were held back."""

    dataset: str
    texts: int
    epochs: float
    seconds: float
    loss: float
    accuracy: float


class Lineage(Spec):
    """What a bundle was made from."""

    dataset: str = ""
    recipe_sha256: str = ""
    run: str = ""
    code_version: str = ""
    parents: list[str] = []
    compression: list[str] = Field(default=[], description="The methods, in order, that made it of its parent")
    pretraining: Pretraining | None = None


class Description(Spec):
    """All of a manifest but the digests."""

    name: str
    created: str = Field(description="UTC, ISO 8601")
    task: Literal["classify", "regress", "generate", "seq2seq"]
    architecture: Architecture
    labels: list[str] = Field(default=[], description="Of a classifier: two or more; else none")
    positive: str | None = Field(default=None, description="Of a binary model: the label that /sentiment tells of")
    scale: Scale | None = Field(default=None, description="Of a model of numbers: the unit of its answers")
    # Both are left out of what is written where they say nothing, so bundles without them are what they always were.
    temperature: float = Field(
        default=1.0,
        gt=0,
        exclude_if=lambda temperature: temperature == 1.0,
        description="Of a classifier: its logits are divided by it, so that a probability is the share that is right",
    )
    abstain: float | None = Field(
        default=None,
        gt=0,
        lt=1,
        exclude_if=lambda abstain: abstain is None,
        description="Of a classifier: an answer with a lower probability says that it abstained",
    )
    vocabulary_size: int
    max_length: int
    parameters: int
    pipeline_digest: str
    tolerance: float = Field(default=1e-5, description="How far a probability or a value may be from the recorded one")
    lineage: Lineage = Lineage()
    metrics: dict[str, float] = {}

    @model_validator(mode="after")
    def _labels_to_choose_from(self) -> Self:
        if self.task == "classify" and len(self.labels) < 2:
            raise ValueError("a classifier has two labels or more")
        if (self.task == "regress") != (self.scale is not None):
            raise ValueError("a model of numbers has a scale, and no other has")
        if self.task != "classify" and (self.temperature != 1.0 or self.abstain is not None):
            raise ValueError("temperature and abstain are of a classifier")
        return self

    @property
    def outputs(self) -> int:
        """Numbers that the model gives for a text."""
        return 1 if self.task == "regress" else len(self.labels)


class Manifest(Description):
    """The whole of `bundle.json`."""

    format: Literal[1]
    version: str
    files: dict[str, FileRecord]


def version_of(description: Description, files: dict[str, FileRecord]) -> str:
    """12 hex digits that name what the bundle answers: the same for equal files, labels and settings."""
    decisive = {
        "task": description.task,
        "architecture": description.architecture.model_dump(mode="json"),
        "labels": description.labels,
        "positive": description.positive,
        "pipeline": description.pipeline_digest,
        "files": {name: file.sha256 for name, file in files.items() if name not in _BESIDE_THE_ANSWER},
    }
    if description.scale is not None:
        decisive["scale"] = description.scale.model_dump(mode="json")
    decisive |= description.model_dump(include={"temperature", "abstain"})
    return hashlib.sha256(json.dumps(decisive, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:12]
