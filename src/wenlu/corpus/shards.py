"""The files of a dataset version: Parquet shards, and the hash of what they say."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from wenlu.corpus.manifest import Counts, Shard
from wenlu.corpus.settings import SPLITS, Target
from wenlu.storage.local import sha256_file

SCHEMA = pa.schema(
    [("id", pa.binary(16)), ("body", pa.large_string()), ("label", pa.string()), ("file", pa.string()),
     ("line", pa.int64()), ("byte_offset", pa.int64()), ("group", pa.string())]
)  # fmt: skip

_PLACES = ("uri", "label_names")
_SHARD_ROWS = 200_000
_GROUP_ROWS = 10_000
_GROUP_CHARACTERS = 4_000_000  # long texts make smaller groups: memory is bounded whatever their length


class VersionHash:
    """The version of a dataset, as its texts go by."""

    def __init__(self, target: Target = "label") -> None:
        kind = _NumbersHash if target == "number" else _SplitHash
        self._splits: dict[str, _SplitHash] = {split: kind() for split in SPLITS}

    def add(self, ids: Iterable[bytes], labels: Iterable[str | None], *, split: str) -> None:
        """The next texts of a split, in the order they are stored."""
        self._splits[split].add(ids, labels)

    def hex(self, *, settings: Mapping[str, Any], labels: Sequence[str], counts: Counts) -> str:
        """Of the texts so far, and of how many were read and dropped. The settings' name is left out, since the version
        stands beside it, and so is where the sources lie: the same files in another folder are the same data."""
        said = {key: value for key, value in settings.items() if key != "name"}
        said["sources"] = [_without_place(source) for source in settings.get("sources", ())]
        texts = [split.said() for split in self._splits.values()]
        parts = [said, list(labels), texts, counts.read, dict(counts.dropped)]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:12]


def _without_place(source: Mapping[str, Any]) -> dict[str, Any]:
    """What is read of a source and how; of a file of class names, only that there is one."""
    said = {key: value for key, value in source.items() if key not in _PLACES}
    return said | {"label_names": source.get("label_names") is not None}


class _SplitHash:
    """Two running digests: of the ids, and of the labels, each as its place in the order of first appearance."""

    def __init__(self) -> None:
        self._ids, self._labels = hashlib.sha256(), hashlib.sha256()
        self._numbers: dict[str | None, int] = {}

    def add(self, ids: Iterable[bytes], labels: Iterable[str | None]) -> None:
        self._ids.update(b"".join(ids))
        numbers = self._numbers
        places = [numbers.setdefault(one, len(numbers)) for one in labels]
        self._labels.update(np.array(places, dtype="<u4").tobytes())

    def said(self) -> list[Any]:
        return [self._ids.hexdigest(), self._labels.hexdigest(), list(self._numbers)]


class _NumbersHash(_SplitHash):
    """Two running digests: of the ids, and of the numbers as they are written."""

    def add(self, ids: Iterable[bytes], labels: Iterable[str | None]) -> None:
        self._ids.update(b"".join(ids))
        self._labels.update("".join(f"{label}\n" for label in labels).encode())


class ShardWriter:
    """Writes the texts of one split as Parquet shards, a row group at a time."""

    def __init__(self, folder: Path, split: str) -> None:
        self._folder = folder
        self._split = split
        self._waiting: list[pa.RecordBatch] = []
        self._waiting_rows = self._waiting_characters = 0
        self._writer: pq.ParquetWriter | None = None
        self._rows = 0
        self.shards: list[Shard] = []

    def add(self, batch: pa.RecordBatch) -> None:
        """The next texts, in the columns of SCHEMA."""
        for start in range(0, batch.num_rows, _GROUP_ROWS):
            self._add(batch.slice(start, _GROUP_ROWS))

    def close(self) -> None:
        if self._waiting:
            self._write_group()
        self._end_shard()

    @property
    def _path(self) -> Path:
        return self._folder / f"{self._split}-{len(self.shards):05}.parquet"

    def _add(self, batch: pa.RecordBatch) -> None:
        self._waiting.append(batch)
        self._waiting_rows += batch.num_rows
        self._waiting_characters += pc.sum(pc.utf8_length(batch.column("body"))).as_py() or 0
        if self._waiting_rows >= _GROUP_ROWS or self._waiting_characters >= _GROUP_CHARACTERS:
            self._write_group()
            if self._rows >= _SHARD_ROWS:
                self._end_shard()

    def _write_group(self) -> None:
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._path, SCHEMA, compression="zstd")
        self._writer.write_table(pa.Table.from_batches(self._waiting, schema=SCHEMA))
        self._rows += self._waiting_rows
        self._waiting, self._waiting_rows, self._waiting_characters = [], 0, 0

    def _end_shard(self) -> None:
        if self._writer is None:
            return
        self._writer.close()
        path = self._path
        self.shards.append(Shard(path.name, self._split, self._rows, path.stat().st_size, sha256_file(path)))
        self._writer, self._rows = None, 0


def digests(ids: pa.Array) -> NDArray[np.uint64]:
    """A column of 16-byte ids as two numbers each [N, 2]."""
    return np.frombuffer(ids.buffers()[1], dtype="<u8", count=2 * len(ids), offset=16 * ids.offset).reshape(-1, 2)
