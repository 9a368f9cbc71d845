"""What is known about a dataset version, as its `manifest.json` says it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from wenlu.base.errors import WenluError
from wenlu.corpus.settings import CHAT, Target

MANIFEST = "manifest.json"
DROPPED = "dropped.jsonl"
REPORT = "report.html"
FORMAT = 3


class Counts(msgspec.Struct, frozen=True):
    """How many texts came in, stayed (by split, and by label in each), and were refused by reason."""

    read: int
    kept: int
    splits: dict[str, int]
    labels: dict[str, dict[str, int]]
    dropped: dict[str, int]


class Shard(msgspec.Struct, frozen=True):
    """One Parquet file."""

    file: str
    split: str
    rows: int
    bytes: int
    sha256: str


class SourceRecord(msgspec.Struct, frozen=True):
    """Where texts came from, as the recipe spells it; the encoding found; the digest of what was read."""

    uri: str
    format: str
    encoding: str
    files: int = 1
    sha256: str = ""


class ConflictRecord(msgspec.Struct, frozen=True):
    """A text that came with several labels, cut to its beginning."""

    text: str
    labels: list[str]


class PairRecord(msgspec.Struct, frozen=True):
    """Two texts that are nearly the same, cut to their beginnings, and the splits they would stand in."""

    kept: str
    dropped: str
    similarity: float
    kept_split: str
    dropped_split: str
    kept_label: str | None = None
    dropped_label: str | None = None


class NearCounts(msgspec.Struct, frozen=True):
    """Of the texts refused as nearly the same as another: how many stood in another split, or had another label."""

    across_splits: int = 0
    other_label: int = 0


class DatasetManifest(msgspec.Struct, frozen=True):
    """Everything known about one version."""

    format: int
    name: str
    version: str
    created: str
    language: str
    licence: str
    labels: list[str]
    settings: dict[str, Any]
    counts: Counts
    sources: list[SourceRecord]
    conflicts: list[ConflictRecord]
    shards: list[Shard]
    pairs: list[PairRecord] = []
    near: NearCounts = NearCounts()

    @property
    def target(self) -> Target:
        """What a label is: a name, or a number."""
        return "number" if self.settings.get("target") == "number" else "label"

    @property
    def chat(self) -> bool:
        """Whether its texts are conversations."""
        return any(source["format"] == CHAT for source in self.settings.get("sources", ()))


def read_manifest(path: Path) -> DatasetManifest:
    """Raises WenluError `changed_dataset` where it is not one, `old_dataset` where another Wenlu made it."""
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=DatasetManifest)
    except msgspec.MsgspecError as error:
        raise WenluError(
            "changed_dataset", f"{path} is not a manifest: {error}.", hint="Remove its folder and import it again."
        ) from None
    if manifest.format != FORMAT:
        raise WenluError(
            "old_dataset",
            f"{path} is of format {manifest.format}; this Wenlu reads {FORMAT}.",
            hint="Remove its folder and import it again.",
        )
    return manifest
