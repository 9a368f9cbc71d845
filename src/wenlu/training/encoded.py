"""Encoded texts on disk, read through a memory map: any number of texts, little memory.

A folder of three raw little-endian files: `ids.i32` (all ids, one text behind the other), `ends.i64` (where each
text ends) and `truth.i32` (its label's number) or `truth.f32` (its target).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import IO, Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from wenlu.bundle.predict import Ids, padded

_Number = TypeVar("_Number", bound=np.generic)

_IDS, _ENDS, _LABELS, _TARGETS = "ids.i32", "ends.i64", "truth.i32", "truth.f32"

Truth = NDArray[np.int32] | NDArray[np.float32]
"""Of each text the number of its label, or its target."""


@dataclass(frozen=True, slots=True)
class EncodedTexts:
    """Texts as ids, with what is true of each."""

    ids: NDArray[np.int32]
    ends: NDArray[np.int64]
    truth: Truth

    def __len__(self) -> int:
        return len(self.ends)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Ids of each text [N]."""
        return np.diff(self.ends, prepend=0)

    def row(self, number: int) -> NDArray[np.int32]:
        """The ids of one text [T]."""
        start = self.ends[number - 1] if number else 0
        return self.ids[start : self.ends[number]]

    def batch(self, rows: Sequence[int]) -> tuple[Ids, Ids, NDArray[Any]]:
        """Ids [B, T] with padding behind, lengths [B], and labels (int64) or targets (float64) [B]."""
        tokens_BT, lengths_B = padded([self.row(row).tolist() for row in rows])
        truth_B = self.truth[list(rows)]
        return tokens_BT, lengths_B, truth_B.astype(np.int64 if truth_B.dtype.kind == "i" else np.float64)

    @classmethod
    def open(cls, folder: Path) -> EncodedTexts:
        targets = folder / _TARGETS
        truth: Truth = _map(targets, np.float32) if targets.exists() else _map(folder / _LABELS, np.int32)
        return cls(_map(folder / _IDS, np.int32), _map(folder / _ENDS, np.int64), truth)


class EncodedBlock(NamedTuple):
    """Some texts: all their ids, how many ids each has [N], and what is true of each [N]."""

    ids: NDArray[np.int32]
    lengths: NDArray[np.int64]
    truth: Truth

    @classmethod
    def of(cls, rows: Sequence[Sequence[int]], labels: Sequence[int]) -> EncodedBlock:
        lengths = np.fromiter(map(len, rows), dtype=np.int64, count=len(rows))
        ids = np.fromiter(chain.from_iterable(rows), dtype=np.int32, count=int(lengths.sum()))
        return cls(ids, lengths, np.asarray(labels, dtype=np.int32))


def write_encoded(folder: Path, blocks: Iterable[EncodedBlock], *, targets: bool = False) -> None:
    """Write texts into the new `folder`, as they come; with `targets`, what is true of them is a number."""
    folder.mkdir(parents=True)
    end = 0
    with (
        (folder / _IDS).open("wb") as ids,
        (folder / _ENDS).open("wb") as ends,
        (folder / (_TARGETS if targets else _LABELS)).open("wb") as truth,
    ):
        for block in blocks:
            places = end + np.cumsum(block.lengths, dtype="<i8")
            end += len(block.ids)
            ids.write(block.ids.astype("<i4").tobytes())
            ends.write(places.tobytes())
            truth.write(block.truth.astype("<f4" if targets else "<i4").tobytes())


def open_ids(folder: Path) -> IO[bytes]:
    """The ids that were written into `folder`, one text behind the other, to be read and changed in place."""
    return (folder / _IDS).open("r+b")


def _map(path: Path, kind: type[_Number]) -> NDArray[_Number]:
    # numpy can't map an empty file
    return np.memmap(path, dtype=kind, mode="r") if path.stat().st_size else np.empty(0, dtype=kind)
