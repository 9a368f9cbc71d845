"""Which texts are copies of one another, letter for letter.

A text is 29 bytes here: its digest, its label's number, the split its source fixes, its place. Digests are handled a
part of their range at a time, so that memory holds `_PART` of them whatever the number of texts; only the outcome, a
byte a text, is held whole: 100 million texts are 100 MB and 50 readings of their digests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wenlu.corpus.dedup.reasons import CONFLICT, DUPLICATE, OF_HELD_OUT, Reasons

_PART = 2_000_000
_SHOWN = 20
_NO_LABEL = -1
_LABELLED_LATER = np.int64(1) << 56
_ELSEWHERE = np.int64(1) << 57
_NEVER = np.iinfo(np.int32).max


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

    def only(self, mask: NDArray[np.bool_]) -> Keys:
        return Keys(self.digest[mask], self.label[mask], self.held_out[mask], self.number[mask])


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


def find_copies(read: Callable[[], Iterable[Keys]], total: int) -> Copies:
    """One copy of each text is kept; of texts that came with several labels none.

    The copy that stays is one of the split held out for test, else for validation, if a source fixes it; else one
    with a label, else the first. `read` gives all keys anew each time it is called.
    """
    reasons = np.zeros(total, dtype=np.uint8)
    conflicts: list[Conflict] = []
    parts = -(-total // _PART) or 1
    for part in range(parts):
        keys = _gathered(batch.only(batch.digest[:, 0] % np.uint64(parts) == part) for batch in read())
        conflicts += _judge(keys, reasons)
        conflicts = sorted(conflicts, key=lambda conflict: conflict.text)[:_SHOWN]
    return Copies(reasons, conflicts)


def _gathered(batches: Iterator[Keys]) -> Keys:
    parts = list(batches)
    if not parts:
        none = np.empty(0, dtype=np.int64)
        return Keys(none.astype(np.uint64).reshape(0, 2), none.astype(np.int32), none.astype(np.int8), none)
    return Keys(
        np.concatenate([part.digest for part in parts]),
        np.concatenate([part.label for part in parts]),
        np.concatenate([part.held_out for part in parts]),
        np.concatenate([part.number for part in parts]),
    )


def _judge(keys: Keys, reasons: Reasons) -> list[Conflict]:
    """Write the reasons of these texts, among which all copies of each are."""
    copies = _Groups.of(keys)
    if copies.none:
        return []
    held_out = np.maximum.reduceat(copies.held_out, copies.starts)[copies.group]
    elsewhere = (held_out > 0) & (copies.held_out != held_out)
    rank = copies.number + elsewhere * _ELSEWHERE + (copies.label == _NO_LABEL) * _LABELLED_LATER
    winner = rank == np.minimum.reduceat(rank, copies.starts)[copies.group]
    conflicting = copies.conflicting[copies.group]
    why = np.where(conflicting, CONFLICT, np.where(elsewhere, OF_HELD_OUT, DUPLICATE))
    reasons[copies.number] = np.where(winner & ~conflicting, 0, why)
    return list(copies.conflicts())


@dataclass(frozen=True, slots=True)
class _Groups:
    """Texts in an order that puts copies side by side: `starts` [G] of each group, `group` [N] of each text."""

    label: NDArray[np.int32]
    held_out: NDArray[np.int8]
    number: NDArray[np.int64]
    starts: NDArray[np.int64]
    group: NDArray[np.int64]

    @classmethod
    def of(cls, keys: Keys) -> _Groups:
        order = np.lexsort((keys.number, keys.digest[:, 1], keys.digest[:, 0]))
        digest = keys.digest[order]
        first = np.ones(len(order), dtype=bool)
        first[1:] = (digest[1:] != digest[:-1]).any(axis=1)
        return cls(
            keys.label[order],
            keys.held_out[order],
            keys.number[order],
            np.flatnonzero(first),
            np.cumsum(first) - 1,
        )

    @property
    def none(self) -> bool:
        return len(self.starts) == len(self.number)

    @property
    def conflicting(self) -> NDArray[np.bool_]:
        """[G]; a text without a label agrees with any."""
        least = np.minimum.reduceat(np.where(self.label == _NO_LABEL, _NEVER, self.label), self.starts)
        wrong: NDArray[np.bool_] = np.maximum.reduceat(self.label, self.starts) > least
        return wrong

    def conflicts(self) -> Iterator[Conflict]:
        ends = np.append(self.starts[1:], len(self.number))
        wrong = np.flatnonzero(self.conflicting)
        for group in wrong[np.argsort(self.number[self.starts[wrong]])][:_SHOWN]:
            texts = slice(self.starts[group], ends[group])
            labels = sorted(set(self.label[texts].tolist()) - {_NO_LABEL})
            yield Conflict(int(self.number[self.starts[group]]), tuple(labels))
