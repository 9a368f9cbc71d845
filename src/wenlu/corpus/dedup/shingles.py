"""Texts as sets of hashed character shingles: what they have in common tells how alike they are.

Only letters, ideographs and digits count, in lower case: punctuation, spaces and emoji do not make another text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

_CODE_POINTS = 0x110000
_UNSEEN = 0xFFFFFFFF
_WORDS = re.compile(r"[^\W_]+")
_ODD = (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)  # the constants of SplitMix64 (Steele et al. 2014)


@dataclass(frozen=True, slots=True)
class Shingles:
    """The shingles of N texts behind one another: `ends` [N] says where each text's end."""

    hashes: NDArray[np.uint64]
    ends: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ends)

    def of(self, text: int) -> NDArray[np.uint64]:
        """The shingles of one text, in order, some perhaps more than once."""
        return self.hashes[self.ends[text - 1] if text else 0 : self.ends[text]]


def shingled(texts: Sequence[str], *, length: int) -> Shingles:
    """Every run of `length` characters of each text as 64 bits. A shorter text is one shingle; one of nothing has none.

    >>> [len(shingled([text], length=3).hashes) for text in ("很好吃，非常好", "很好", "！？")]
    [4, 1, 0]
    """
    points = np.frombuffer("".join(texts).encode("utf-32-le"), dtype=np.uint32)
    row = np.repeat(np.arange(len(texts)), np.fromiter(map(len, texts), dtype=np.int64, count=len(texts)))
    letters = _letters(points)
    told = letters > 0
    row = row[told]
    shorter = np.bincount(row, minlength=len(texts)) < length
    hashes, row = _runs(letters[told].astype(np.uint64), row, length, shorter=shorter)
    return Shingles(hashes, np.cumsum(np.bincount(row, minlength=len(texts))))


def shingle_set(text: str, *, length: int) -> frozenset[str]:
    """The shingles of one text as they are: what `shingled` hashes, without its cost of beginning.

    >>> sorted(shingle_set("Abc, abcd!", length=3))
    ['abc', 'bca', 'bcd', 'cab']
    """
    letters = "".join(_WORDS.findall(text)).lower()
    if len(letters) <= length:
        return frozenset([letters] if letters else ())
    return frozenset(letters[start : start + length] for start in range(len(letters) - length + 1))


def similarity(one: frozenset[str], other: frozenset[str]) -> float:
    """Jaccard's index: what two texts have in common, as a share of what either has."""
    common = len(one & other)
    return common / max(len(one) + len(other) - common, 1)


def _runs(
    points: NDArray[np.uint64], row: NDArray[np.int64], length: int, *, shorter: NDArray[np.bool_]
) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """The hash of every run inside a row, and its row. What stands behind the end of a short row counts as nothing."""
    hashes = np.zeros(len(points), dtype=np.uint64)
    whole = np.ones(len(points), dtype=bool)
    behind = np.zeros(length, dtype=np.uint64)  # so that a run that begins near the end finds something there
    points, rows = np.concatenate([points, behind]), np.concatenate([row, np.full(length, -1)])
    for step in range(length):
        inside = rows[step : step + len(row)] == row
        whole &= inside
        hashes = _mixed(hashes, np.where(inside, points[step : step + len(row)], 0))
    first = np.ones(len(row), dtype=bool)
    first[1:] = row[1:] != row[:-1]
    kept = whole | (first & shorter[row])
    return hashes[kept], row[kept]


def _mixed(hashes: NDArray[np.uint64], points: NDArray[np.uint64]) -> NDArray[np.uint64]:
    mixed = (hashes ^ (points * np.uint64(_ODD[0]))) * np.uint64(_ODD[1])
    mixed ^= mixed >> np.uint64(31)
    mixed *= np.uint64(_ODD[2])
    return mixed ^ (mixed >> np.uint64(29))


def _letters(points: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """What each code point counts as: itself in lower case, or 0 if it is no letter and no digit."""
    table = _table()
    letters = table[points]
    new = np.unique(points[letters == _UNSEEN])
    if new.size:  # of a million characters a corpus has a few thousand
        table[new] = list(map(_letter, new.tolist()))
        letters = table[points]
    return letters


@cache
def _table() -> NDArray[np.uint32]:
    """What each code point counts as, once it has been seen."""
    return np.full(_CODE_POINTS, _UNSEEN, dtype=np.uint32)


def _letter(point: int) -> int:
    character = chr(point)
    return ord(character.lower()[0]) if character.isalnum() else 0
