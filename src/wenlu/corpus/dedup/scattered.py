"""Records laid down on disk by part, so that what belongs together is read together, a bounded number at a time.

Everything is written once and read once or twice, whatever its number: reading it all anew for each part would take
time that grows with the square of it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

_AT_ONCE = 200_000  # records that wait in memory to be written, and that are read together

Records = NDArray[np.void]


@dataclass(frozen=True, slots=True)
class Part:
    """The records of one part, in the order they came in."""

    path: Path
    dtype: np.dtype[Any]

    def __len__(self) -> int:
        return self.path.stat().st_size // self.dtype.itemsize

    def whole(self) -> Records:
        return np.fromfile(self.path, self.dtype)

    def pieces(self) -> Iterator[Records]:
        """The same a piece at a time: a part is larger than it should be where a text has a million copies."""
        for start in range(0, len(self), _AT_ONCE):
            yield np.fromfile(self.path, self.dtype, _AT_ONCE, offset=start * self.dtype.itemsize)


class Scattered:
    """Takes records in, gives parts out. What it wrote is gone when the block ends."""

    def __init__(self, folder: Path, dtype: DTypeLike, *, parts: int) -> None:
        self._folder = folder
        self._dtype = np.dtype(dtype)
        self._number = parts
        self._records: list[Records] = []
        self._parts: list[NDArray[np.int64]] = []
        self._waiting = 0

    def __enter__(self) -> Scattered:
        self._made = tempfile.TemporaryDirectory(dir=self._folder)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._made.cleanup()

    def add(self, key: NDArray[np.uint64], *columns: NDArray[Any]) -> None:
        """The next records [N], by their columns; those of equal keys come into one part."""
        records = np.empty(len(key), dtype=self._dtype)
        for name, column in zip(self._dtype.names or (), columns, strict=True):
            records[name] = column
        self._records.append(records)
        self._parts.append((key % np.uint64(self._number)).astype(np.int64))
        self._waiting += len(key)
        if self._waiting >= _AT_ONCE:
            self._write()

    def parts(self) -> Iterator[Part]:
        """Those that have records, when all have come in."""
        self._write()
        for number in range(self._number):
            if self._path(number).exists():
                yield Part(self._path(number), self._dtype)
                self._path(number).unlink()

    def _write(self) -> None:
        if not self._waiting:
            return
        records, parts = np.concatenate(self._records), np.concatenate(self._parts)
        self._records, self._parts, self._waiting = [], [], 0
        records = records[np.argsort(parts, kind="stable")]  # stable: a part keeps the order of reading
        ends = np.cumsum(np.bincount(parts, minlength=self._number))
        for number in np.unique(parts).tolist():
            with self._path(number).open("ab") as file:
                records[ends[number - 1] if number else 0 : ends[number]].tofile(file)

    def _path(self, number: int) -> Path:
        return Path(self._made.name) / f"{number}.part"
