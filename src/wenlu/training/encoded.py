"""Encoded texts on disk, read through a memory map: any number of texts, little memory.

A folder of three raw little-endian files: `ids.i32` (all ids, one text behind the other), `ends.i64` (where each
text ends) and `labels.i32` (its label's number).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import IO, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from wenlu.bundle.predict import Ids, padded

_Number = TypeVar("_Number", bound=np.generic)

_IDS, _ENDS, _LABELS = "ids.i32", "ends.i64", "labels.i32"


@dataclass(frozen=True, slots=True)
class EncodedTexts:
    """Texts as ids, with the number of each one's label."""

    ids: NDArray[np.int32]
    ends: NDArray[np.int64]
    labels: NDArray[np.int32]

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

    def batch(self, rows: Sequence[int]) -> tuple[Ids, Ids, Ids]:
        """Ids [B, T] with padding behind, lengths [B], labels [B]."""
        tokens_BT, lengths_B = padded([self.row(row).tolist() for row in rows])
        return tokens_BT, lengths_B, self.labels[list(rows)].astype(np.int64)

    @classmethod
    def open(cls, folder: Path) -> EncodedTexts:
        return cls(_map(folder / _IDS, np.int32), _map(folder / _ENDS, np.int64), _map(folder / _LABELS, np.int32))


class EncodedBlock(NamedTuple):
    """Some texts: all their ids, how many ids each has [N], and the number of each one's label [N]."""

    ids: NDArray[np.int32]
    lengths: NDArray[np.int64]
    labels: NDArray[np.int32]

    @classmethod
    def of(cls, rows: Sequence[Sequence[int]], labels: Sequence[int]) -> EncodedBlock:
        lengths = np.fromiter(map(len, rows), dtype=np.int64, count=len(rows))
        ids = np.fromiter(chain.from_iterable(rows), dtype=np.int32, count=int(lengths.sum()))
        return cls(ids, lengths, np.asarray(labels, dtype=np.int32))


def write_encoded(folder: Path, blocks: Iterable[EncodedBlock]) -> None:
    """Write texts into the new `folder`, as they come."""
    folder.mkdir(parents=True)
    end = 0
    with (
        (folder / _IDS).open("wb") as ids,
        (folder / _ENDS).open("wb") as ends,
        (folder / _LABELS).open("wb") as labels,
    ):
        for block in blocks:
            places = end + np.cumsum(block.lengths, dtype="<i8")
            end += len(block.ids)
            ids.write(block.ids.astype("<i4").tobytes())
            ends.write(places.tobytes())
            labels.write(block.labels.astype("<i4").tobytes())


def open_ids(folder: Path) -> IO[bytes]:
    """The ids that were written into `folder`, one text behind the other, to be read and changed in place."""
    return (folder / _IDS).open("r+b")


def _map(path: Path, kind: type[_Number]) -> NDArray[_Number]:
    # numpy can't map an empty file
    return np.memmap(path, dtype=kind, mode="r") if path.stat().st_size else np.empty(0, dtype=kind)
