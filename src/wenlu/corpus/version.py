"""Dataset versions: Parquet shards and a manifest, in `datasets/<name>/<version>/`.

The version is a digest of what the dataset says, not of how its bytes are stored: settings, the order of the labels,
and the id and label of every text in the order of its split. It is the same on any machine, and `verify` works it out
again from what is stored.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from wenlu.base.errors import WenluError, did_you_mean
from wenlu.base.records import Source, Text
from wenlu.corpus.clean import content_id
from wenlu.corpus.settings import SPLITS
from wenlu.storage.local import sha256_file
from wenlu.storage.names import checked_name
from wenlu.storage.workspace import Workspace

MANIFEST = "manifest.json"
DROPPED = "dropped.jsonl"

_SHARD_ROWS = 200_000
_GROUP_ROWS = 10_000
_GROUP_CHARACTERS = 16_000_000  # long texts make smaller groups: memory is bounded whatever their length
_SCHEMA = pa.schema(
    [("id", pa.string()), ("body", pa.large_string()), ("label", pa.string()), ("file", pa.string()),
     ("line", pa.int64()), ("byte_offset", pa.int64())]
)  # fmt: skip


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


class VersionHash:
    """The version of a dataset, as its texts go by."""

    def __init__(self) -> None:
        self._splits: dict[str, Any] = {split: hashlib.sha256() for split in SPLITS}

    def add(self, text: Text, split: str) -> None:
        self._splits[split].update(json.dumps([text.id, text.label]).encode())

    def hex(self, *, settings: Mapping[str, Any], labels: Sequence[str]) -> str:
        """Of the texts so far. The settings' name is left out, since the version stands beside it."""
        said = {key: value for key, value in settings.items() if key != "name"}
        texts = [digest.hexdigest() for digest in self._splits.values()]
        return hashlib.sha256(json.dumps([said, list(labels), texts], sort_keys=True).encode()).hexdigest()[:12]


class ShardWriter:
    """Writes the texts of one split as Parquet shards, a row group at a time."""

    def __init__(self, folder: Path, split: str) -> None:
        self._folder = folder
        self._split = split
        self._waiting: list[Text] = []
        self._characters = 0
        self._writer: pq.ParquetWriter | None = None
        self._rows = 0
        self.shards: list[Shard] = []

    def add(self, text: Text) -> None:
        self._waiting.append(text)
        self._characters += len(text.body)
        if len(self._waiting) >= _GROUP_ROWS or self._characters >= _GROUP_CHARACTERS:
            self._write_group()
            if self._rows >= _SHARD_ROWS:
                self._end_shard()

    def close(self) -> None:
        if self._waiting:
            self._write_group()
        self._end_shard()

    @property
    def _path(self) -> Path:
        return self._folder / f"{self._split}-{len(self.shards):05}.parquet"

    def _write_group(self) -> None:
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._path, _SCHEMA, compression="zstd")
        self._writer.write_table(_table(self._waiting))
        self._rows += len(self._waiting)
        self._waiting, self._characters = [], 0

    def _end_shard(self) -> None:
        if self._writer is None:
            return
        self._writer.close()
        path = self._path
        self.shards.append(Shard(path.name, self._split, self._rows, path.stat().st_size, sha256_file(path)))
        self._writer, self._rows = None, 0


def _table(texts: Iterable[Text]) -> pa.Table:
    rows = [
        (text.id, text.body, text.label, text.source.file, text.source.line, text.source.byte_offset) for text in texts
    ]
    return pa.table([list(column) for column in zip(*rows, strict=True)], schema=_SCHEMA)


@dataclass(frozen=True, slots=True)
class DatasetVersion:
    """One version of a dataset, on disk."""

    folder: Path
    manifest: DatasetManifest

    @classmethod
    def open(cls, workspace: Workspace, reference: str) -> DatasetVersion:
        """`name@version`, or `name` for its newest version; raises WenluError `unknown_dataset`."""
        name, _, version = reference.partition("@")
        checked_name(name, what="dataset")
        if version:
            checked_name(version, what="version")
        found = list(_versions(workspace.datasets / name, version or "[a-z0-9]*"))
        if not found:
            raise _unknown(workspace, reference)
        return max(found, key=lambda one: one.manifest.created)

    @property
    def reference(self) -> str:
        """`name@version`."""
        return f"{self.manifest.name}@{self.manifest.version}"

    @property
    def labels(self) -> list[str]:
        """Every label, in the order that gives each its number."""
        return self.manifest.labels

    @property
    def normalize_steps(self) -> list[str]:
        """The normalisers that its texts went through."""
        steps: list[str] = self.manifest.settings["clean"]["normalize"]
        return steps

    def count(self, split: str) -> int:
        return self.manifest.counts.splits[split]

    def label_counts(self, split: str) -> dict[str, int]:
        """Texts of each label in one split."""
        counts = self.manifest.counts.labels[split]
        return {label: counts.get(label, 0) for label in self.labels}

    def texts(self, split: str) -> Iterator[Text]:
        """The texts of one split in the order they were imported, a row group in memory at a time.

        Raises WenluError `changed_dataset` where a shard is missing or can't be read.
        """
        for shard in self.manifest.shards:
            if shard.split == split:
                yield from self._rows(shard)

    def verify(self) -> None:
        """Read everything; raises WenluError `changed_dataset` naming the files that are not as they were written."""
        wrong = [shard.file for shard in self.manifest.shards if not self._unchanged(shard)]
        if wrong:
            raise self._changed(", ".join(wrong))
        if self._version_again() != self.manifest.version or self.folder.name != self.manifest.version:
            raise self._changed(MANIFEST)

    def _version_again(self) -> str:
        """The version worked out from the texts themselves."""
        version = VersionHash()
        for split in SPLITS:
            for text in self.texts(split):
                version.add(replace(text, id=content_id(text.body)), split)
        return version.hex(settings=self.manifest.settings, labels=self.labels)

    def summary(self) -> Iterator[str]:
        """What a person wants to know of it, a line at a time."""
        counts = self.manifest.counts
        yield f"{self.reference}  {self.manifest.language}  {self.manifest.created}"
        yield f"read {counts.read:,}, kept {counts.kept:,}"
        for reason, number in sorted(counts.dropped.items(), key=lambda entry: -entry[1]):
            yield f"  dropped {number:>9,}  {reason}"
        for split in SPLITS:
            shares = ", ".join(f"{label} {number:,}" for label, number in self.label_counts(split).items())
            yield f"{split:<11}{self.count(split):>9,}  {shares}"
        for conflict in self.manifest.conflicts[:5]:
            yield f"  labels disagree ({', '.join(conflict.labels)}): {conflict.text}"

    def _rows(self, shard: Shard) -> Iterator[Text]:
        try:
            with pq.ParquetFile(self.folder / shard.file) as file:
                for batch in file.iter_batches(_GROUP_ROWS):
                    for row in batch.to_pylist():
                        source = Source(row["file"], row["line"], row["byte_offset"])
                        yield Text(row["body"], row["label"], source, shard.split, row["id"])
        except (OSError, pa.ArrowException):
            raise self._changed(shard.file) from None

    def _unchanged(self, shard: Shard) -> bool:
        path = self.folder / shard.file
        return path.is_file() and path.stat().st_size == shard.bytes and sha256_file(path) == shard.sha256

    def _changed(self, files: str) -> WenluError:
        return WenluError(
            "changed_dataset",
            f"{self.reference} is not what was imported: {files} differs, or is missing.",
            hint="Remove its folder and import it again: the version will be the same.",
        )


def list_datasets(workspace: Workspace) -> list[DatasetVersion]:
    """Every version of every dataset, by name and age."""
    found = [version for folder in sorted(workspace.datasets.glob("[a-z0-9]*/")) for version in _versions(folder)]
    return sorted(found, key=lambda version: (version.manifest.name, version.manifest.created))


def _versions(folder: Path, version: str = "[a-z0-9]*") -> list[DatasetVersion]:
    return [DatasetVersion(path.parent, _read(path)) for path in sorted(folder.glob(f"{version}/{MANIFEST}"))]


def _read(path: Path) -> DatasetManifest:
    try:
        return msgspec.json.decode(path.read_bytes(), type=DatasetManifest)
    except msgspec.MsgspecError as error:
        raise WenluError(
            "changed_dataset", f"{path} is not a manifest: {error}.", hint="Remove its folder and import it again."
        ) from None


def _unknown(workspace: Workspace, reference: str) -> WenluError:
    known = [version.reference for version in list_datasets(workspace)]
    names = sorted({one.partition("@")[0] for one in known})
    near = did_you_mean(reference.partition("@")[0], [name for name in names if name != reference])
    listed = f"Known: {', '.join(known)}." if known else "Import one: wenlu dataset import FILE --name NAME"
    return WenluError("unknown_dataset", f"There is no dataset '{reference}'.{near}", hint=listed)
