"""Encoded texts on disk, read through a memory map: any number of texts, little memory.

A folder of three raw little-endian files: `ids.i32` (all ids, one text behind the other), `ends.i64` (where each
text ends) and `labels.i32` (its label's number).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

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


def write_encoded(folder: Path, texts: Iterable[tuple[ArrayLike, int]]) -> None:
    """Write (ids, label number) of each text into the new `folder`, as they come."""
    folder.mkdir(parents=True)
    end = 0
    with (
        (folder / _IDS).open("wb") as ids,
        (folder / _ENDS).open("wb") as ends,
        (folder / _LABELS).open("wb") as labels,
    ):
        for row, label in texts:
            content = np.asarray(row, dtype="<i4")
            end += len(content)
            ids.write(content.tobytes())
            ends.write(np.asarray(end, dtype="<i8").tobytes())
            labels.write(np.asarray(label, dtype="<i4").tobytes())


def _map(path: Path, kind: type[_Number]) -> NDArray[_Number]:
    # numpy can't map an empty file
    return np.memmap(path, dtype=kind, mode="r") if path.stat().st_size else np.empty(0, dtype=kind)
