"""Which texts are copies of one another, letter for letter.

A text is 29 bytes here: its digest, its label's number, the split its source fixes, its place. They are divided on disk
by digest into parts of about `_PART` texts, and a part is judged a piece at a time, so that memory holds as many
*distinct* texts whatever the number of texts; only the outcome, a byte a text, is held whole. 100 million texts take
100 MB, and for a while 3 GB of disk.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wenlu.corpus.dedup.reasons import CONFLICT, DUPLICATE, KEPT, OF_HELD_OUT, Reasons
from wenlu.corpus.dedup.scattered import Part, Records, Scattered

_PART = 500_000
_SHOWN = 20
_NO_LABEL = -1
_LABELLED_LATER = np.int64(1) << 56
_HELD_OUT_FIRST = 57  # the bits above tell how far a text is from being held out for test
_TEST = 2
_NEVER = np.iinfo(np.int32).max
_KEY = np.dtype([("digest", "<u8", 2), ("label", "<i4"), ("held_out", "i1"), ("number", "<i8")])


@dataclass(frozen=True, slots=True)
class Keys:
    """What decides if texts are copies, a column each [N].

    `digest` [N, 2] is 128 bits of the text's digest, `label` a number or -1, `held_out` 0, or 1 and 2 where the source
    fixes validation and test; `number` is the text's place in the order of reading.
    """

    digest: NDArray[np.uint64]
    label: NDArray[np.int32]
    held_out: NDArray[np.int8]
    number: NDArray[np.int64]

    @classmethod
    def of(cls, records: Records) -> Keys:
        """The columns of records of `_KEY`."""
        return cls(*(records[name] for name in cls.__slots__))

    @property
    def rank(self) -> NDArray[np.int64]:
        """Of copies that one stays which has the least."""
        behind = (_TEST - self.held_out).astype(np.int64) << _HELD_OUT_FIRST
        rank: NDArray[np.int64] = behind + (self.label == _NO_LABEL) * _LABELLED_LATER + self.number
        return rank


@dataclass(frozen=True, slots=True)
class Conflict:
    """The first of the copies of a text that came with several labels, and these, as numbers."""

    text: int
    labels: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Copies:
    """The reason of each text, and the first conflicts in the order of reading."""

    reasons: Reasons
    conflicts: list[Conflict]


def find_copies(keys: Iterable[Keys], total: int, folder: Path) -> Copies:
    """One copy of each text is kept; of texts that came with several labels none.

    The copy that stays is one of the split held out for test, else for validation, if a source fixes it; else one
    with a label, else the first. Files are laid into `folder` and taken away again.
    """
    reasons = np.zeros(total, dtype=np.uint8)
    conflicts: list[Conflict] = []
    with Scattered(folder, _KEY, parts=-(-total // _PART) or 1) as scattered:
        for batch in keys:
            scattered.add(batch.digest[:, 0], batch.digest, batch.label, batch.held_out, batch.number)
        for part in scattered.parts():
            conflicts += _judge(part, reasons)
            conflicts = sorted(conflicts, key=lambda conflict: conflict.text)[:_SHOWN]
    return Copies(reasons, conflicts)


def _judge(part: Part, reasons: Reasons) -> list[Conflict]:
    """Write the reasons of these texts, among which all copies of each are."""
    groups = _Groups.none()
    for records in part.pieces():
        groups = groups.joined(Keys.of(records))
    if len(groups) == len(part):
        return []
    shown: dict[int, set[int]] = {group: set() for group in groups.first_conflicts()}
    for keys in map(Keys.of, part.pieces()):
        group = groups.find(keys.digest)
        reasons[keys.number] = groups.reasons(keys, group)
        for one, labels in shown.items():
            labels.update(set(keys.label[group == one].tolist()) - {_NO_LABEL})
    return [Conflict(int(groups.first[group]), tuple(sorted(labels))) for group, labels in shown.items()]


@dataclass(frozen=True, slots=True)
class _Groups:
    """Distinct texts in the order of their digests, a column each [G]: the rank of the copy that stays, the least and
    the greatest label of all copies, and which copy is the first."""

    digest: NDArray[np.uint64]
    rank: NDArray[np.int64]
    least: NDArray[np.int32]
    most: NDArray[np.int32]
    first: NDArray[np.int64]

    @classmethod
    def none(cls) -> _Groups:
        labels, numbers = np.empty(0, dtype=np.int32), np.empty(0, dtype=np.int64)
        return cls(np.empty((0, 2), dtype=np.uint64), numbers, labels, labels, numbers)

    def __len__(self) -> int:
        return len(self.digest)

    def joined(self, keys: Keys) -> _Groups:
        """With some texts more."""
        digest = np.concatenate([self.digest, keys.digest])
        order, starts = _in_order(digest)

        def least(mine: NDArray[np.generic], theirs: NDArray[np.generic]) -> NDArray[Any]:
            return np.minimum.reduceat(np.concatenate([mine, theirs])[order], starts)

        return _Groups(
            digest[order[starts]],
            least(self.rank, keys.rank),
            least(self.least, np.where(keys.label == _NO_LABEL, _NEVER, keys.label)),
            np.maximum.reduceat(np.concatenate([self.most, keys.label])[order], starts),
            least(self.first, keys.number),
        )

    def find(self, digest: NDArray[np.uint64]) -> NDArray[np.int64]:
        """The group of each text; every one has its own here."""
        order, starts = _in_order(np.concatenate([self.digest, digest]))
        group = np.empty(len(order), dtype=np.int64)
        group[order] = np.repeat(np.arange(len(starts)), np.diff(starts, append=len(order)))
        return group[len(self) :]

    def reasons(self, keys: Keys, group: NDArray[np.int64]) -> Reasons:
        """Of texts of these groups."""
        elsewhere = keys.held_out != _TEST - (self.rank[group] >> _HELD_OUT_FIRST)
        conflicting = self._conflicting[group]
        why = np.where(conflicting, CONFLICT, np.where(elsewhere, OF_HELD_OUT, DUPLICATE))
        reasons: Reasons = np.where((keys.rank == self.rank[group]) & ~conflicting, KEPT, why).astype(np.uint8)
        return reasons

    def first_conflicts(self) -> list[int]:
        """The groups that have several labels, the earliest few."""
        wrong = np.flatnonzero(self._conflicting)
        found: list[int] = wrong[np.argsort(self.first[wrong])][:_SHOWN].tolist()
        return found

    @property
    def _conflicting(self) -> NDArray[np.bool_]:
        """[G]; a text without a label agrees with any."""
        return self.most > self.least


def _in_order(digest: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """An order that puts copies side by side, and where in it each begins."""
    order = np.lexsort((digest[:, 1], digest[:, 0]))
    first = np.ones(len(order), dtype=bool)
    for half in range(2):
        sorted_half = digest[order, half]
        first[1:] &= sorted_half[1:] == sorted_half[:-1]
    first[1:] = ~first[1:]
    return order, np.flatnonzero(first)
