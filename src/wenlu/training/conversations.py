"""Whole conversations side by side in rows of equal length: how a model learns to answer.

A conversation is never cut by the end of a row, for an answer without its question teaches nothing; what is longer than
a row loses its oldest turns (`Turns.fitted`). Targets are the ids of answers alone. Which conversations share a row is
found once, the best fit for each from the longest to the shortest, so every epoch has as many rows; an epoch is another
order of them.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from wenlu.base.errors import WenluError
from wenlu.text.chat.turns import Cut, Turns
from wenlu.training.cross_entropy import IGNORED
from wenlu.training.encoded import EncodedTexts
from wenlu.training.packing import PackedRows
from wenlu.training.settings import PackingConfig

_TOGETHER = 1 << 22  # ids looked at at once


class PackedConversations:
    """The rows of every epoch. Beside the mapped files it holds some 30 bytes a conversation."""

    def __init__(self, texts: EncodedTexts, config: PackingConfig, turns: Turns) -> None:
        """Raises WenluError `no_answer_fits` where no question leaves room for its answer."""
        self._texts, self._config, self._turns = texts, config, turns
        lengths, self._answers = texts.lengths.copy(), _answers(texts, turns)
        for number in np.flatnonzero(lengths > config.length).tolist():
            ids = self._conversation(number)
            lengths[number], self._answers[number] = len(ids), np.count_nonzero(turns.answered(ids))
        self._rows = _packed(lengths, room=config.length)
        if not self._rows:
            raise WenluError(
                "no_answer_fits",
                f"Not one question leaves room for its answer in a row of {config.length} ids.",
                hint="Raise training.packing.length.",
            )

    def __len__(self) -> int:
        """Rows."""
        return len(self._rows)

    def answers(self, rows: Sequence[int]) -> int:
        """Ids of answers in these rows."""
        return int(sum(self._answers[self._rows[row]].sum() for row in rows))

    def batch(self, rows: Sequence[int]) -> PackedRows:
        """The rows of these numbers; what is left of a row is filled with ids that nobody reads."""
        length = self._config.length
        ids_BT = np.zeros((len(rows), length + 1), dtype=np.int64)
        documents_BT = np.zeros((len(rows), length), dtype=np.int64)
        targets_BT = np.full((len(rows), length), IGNORED, dtype=np.int64)
        for place, row in enumerate(rows):
            ids = [self._conversation(number) for number in self._rows[row].tolist()]
            stream = np.concatenate(ids)
            ids_BT[place, : len(stream)] = stream
            documents_BT[place, : len(stream)] = np.repeat(np.arange(1, len(ids) + 1), list(map(len, ids)))
            answered = self._turns.answered(stream)[1:]
            targets_BT[place, : len(answered)][answered] = stream[1:][answered]
        return PackedRows(ids_BT[:, :-1], targets_BT, None if self._config.documents == "joined" else documents_BT)

    def _conversation(self, number: int) -> NDArray[np.int32]:
        return self._turns.fitted(self._texts.row(number), self._config.length).ids


def cuts(texts: EncodedTexts, turns: Turns, window: int) -> Counter[Cut]:
    """How many conversations lose what in a window of so many ids; those that lose nothing are not counted."""
    long = np.flatnonzero(texts.lengths > window).tolist()
    return Counter(turns.fitted(texts.row(number), window).cut for number in long)


def _answers(texts: EncodedTexts, turns: Turns) -> NDArray[np.int64]:
    """Of each conversation, how many of its ids are answers [N]."""
    counts = [np.zeros(0, dtype=np.int64)]
    for first, last in _blocks(texts):
        start = int(texts.ends[first - 1]) if first else 0
        answered = turns.answered(np.asarray(texts.ids[start : texts.ends[last - 1]]))
        sums = np.append(0, np.cumsum(answered))[texts.ends[first:last] - start]
        counts.append(np.diff(sums, prepend=0))
    return np.concatenate(counts)


def _blocks(texts: EncodedTexts) -> Iterator[tuple[int, int]]:
    """Stretches of conversations, each of about `_TOGETHER` ids."""
    first = 0
    while first < len(texts):
        begin = int(texts.ends[first - 1]) if first else 0
        last = max(first + 1, int(np.searchsorted(texts.ends, begin + _TOGETHER)))
        yield first, last
        first = last


def _packed(lengths: NDArray[np.int64], *, room: int) -> list[NDArray[np.int64]]:
    """The numbers of the conversations of each row: each in the row that it fills best, the longest first. Those of
    nothing are in none.

    >>> [row.tolist() for row in _packed(np.array([3, 6, 0, 4, 7, 2]), room=10)]
    [[4, 0], [1, 3], [5]]
    """
    rows: list[list[int]] = []
    open_rows: dict[int, list[int]] = {}  # by what is left of them
    left: list[int] = []  # the keys of `open_rows`, in order
    for number in np.argsort(-lengths, kind="stable").tolist():
        length = int(lengths[number])
        if not length:
            break
        place = bisect_left(left, length)
        if place == len(left):
            rows.append([number])
            row, rest = len(rows) - 1, room - length
        else:
            rest = left[place]
            row = open_rows[rest].pop()
            rows[row].append(number)
            if not open_rows[rest]:
                del open_rows[rest], left[place]
            rest -= length
        if rest:
            if rest not in open_rows:
                insort(left, rest)
            open_rows.setdefault(rest, []).append(row)
    return [np.array(row, dtype=np.int64) for row in rows]
