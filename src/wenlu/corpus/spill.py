"""Cleaned texts between the two passes of an import: record batches in one Arrow file, read in order or by number."""

from __future__ import annotations

import mmap
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from types import TracebackType

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wenlu.corpus.dedup.exact import Keys
from wenlu.corpus.shards import digests

SCHEMA = pa.schema(
    [("id", pa.binary(16)), ("body", pa.large_string()), ("label", pa.int32()), ("file", pa.string()),
     ("line", pa.int64()), ("byte_offset", pa.int64()), ("group", pa.string()), ("split", pa.int8()),
     ("held_out", pa.int8())]
)  # fmt: skip
"""`label` is the number of the label, -1 if there is none; `split` the place in SPLITS; `held_out` 1 or 2 where the
source fixes validation or test, else 0."""

_LOOKED_UP = 100


@dataclass(frozen=True, slots=True)
class Facts:
    """Some columns of one text."""

    label: int
    split: int


class SpillWriter:
    """Appends record batches; the file can be read once the block has ended."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> SpillWriter:
        self._file = pa.OSFile(str(self._path), "wb")
        self._writer = pa.ipc.new_file(self._file, SCHEMA)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._writer.close()
        self._file.close()

    def add(self, batch: pa.RecordBatch) -> None:
        self._writer.write_batch(batch)


class Spill:
    """The texts that were written, numbered from 0. Reading in order holds one batch."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with path.open("rb") as file:
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._mapped = pa.ipc.open_file(pa.BufferReader(pa.py_buffer(self._map)))
        self._looked_up = 0
        self._starts: list[int] = [0, *accumulate(batch.num_rows for batch in self.batches(("split",)))]

    def __len__(self) -> int:
        return self._starts[-1]

    def batches(self, columns: Sequence[str] = ()) -> Iterator[pa.RecordBatch]:
        """The batches in order, whole or some of their columns."""
        wanted = [SCHEMA.get_field_index(column) for column in columns or SCHEMA.names]
        with pa.OSFile(str(self._path)) as file:
            reader = pa.ipc.open_file(file, options=pa.ipc.IpcReadOptions(included_fields=wanted))
            for number in range(reader.num_record_batches):
                yield reader.get_batch(number)

    def keys(self) -> Iterator[Keys]:
        """What decides if texts are copies, a batch at a time."""
        start = 0
        for batch in self.batches(("id", "label", "held_out")):
            count = batch.num_rows
            yield Keys(
                digest=digests(batch.column("id")),
                label=batch.column("label").to_numpy(),
                held_out=batch.column("held_out").to_numpy(),
                number=np.arange(start, start + count),
            )
            start += count

    def held_out(self) -> NDArray[np.int8]:
        """Of each text: 0, or 1 and 2 where its source fixes validation and test.

        Only what is not 0 is written, so that it takes memory where a source fixes a split and nowhere else.
        """
        found = np.zeros(len(self), dtype=np.int8)
        for keys in self.keys():
            if keys.held_out.any():
                found[keys.number] = keys.held_out
        return found

    def body(self, number: int) -> str:
        """One text, without what is known of it."""
        batch, row = self._place(number)
        body: str = batch.column("body")[row].as_py()
        return body

    def facts(self, number: int) -> Facts:
        """What is known of one text beside its body."""
        batch, row = self._place(number)
        return Facts(*(batch.column(name)[row].as_py() for name in Facts.__slots__))

    def _place(self, number: int) -> tuple[pa.RecordBatch, int]:
        self._looked_up += 1
        if self._looked_up % _LOOKED_UP == 0:
            self._map.madvise(mmap.MADV_DONTNEED)  # else all that was ever looked at counts as our memory
        batch = bisect_right(self._starts, number) - 1
        return self._mapped.get_batch(batch), number - self._starts[batch]
