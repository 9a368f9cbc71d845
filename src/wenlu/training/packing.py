"""Texts one behind the other in rows of equal length: how a language model reads them, with nothing padded.

The stream of an epoch is, for each text in chance order, a separator and its ids; rows are cut from it wherever they
fall. The target of each id is the one behind it in the stream: of a separator the beginning of its text, of a text's
last id the next separator. So a model learns to begin, to go on and to end, and each id is read once an epoch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from wenlu.training.cross_entropy import IGNORED
from wenlu.training.encoded import EncodedTexts
from wenlu.training.settings import PackingConfig

Ids = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class PackedRows:
    """Some rows: ids [B, T], the id each is followed by [B, T] (`IGNORED` behind the end of the stream), and the number
    of the text each belongs to [B, T], counted within its row, or `None` where texts are joined."""

    tokens: Ids
    targets: Ids
    documents: Ids | None


class PackedTexts:
    """The rows of one epoch. Beside the mapped files it holds 16 bytes a text, and nothing for each id."""

    def __init__(self, texts: EncodedTexts, order: NDArray[np.int64], config: PackingConfig, *, separator: int) -> None:
        self._texts, self._order, self._config, self._separator = texts, order, config, separator
        self._ends = np.cumsum(texts.lengths[order] + 1)  # in the stream, separators counted

    @classmethod
    def shuffled(cls, texts: EncodedTexts, config: PackingConfig, *, separator: int, seed: int, epoch: int) -> Self:
        """Texts in an order that depends on `seed`, `epoch` and their number alone."""
        order = np.random.default_rng([seed, epoch]).permutation(len(texts))
        return cls(texts, order, config, separator=separator)

    @classmethod
    def in_order(cls, texts: EncodedTexts, config: PackingConfig, *, separator: int) -> Self:
        """Texts as they stand: for validation."""
        return cls(texts, np.arange(len(texts)), config, separator=separator)

    def __len__(self) -> int:
        """Rows."""
        return (self.ids + self._config.length - 1) // self._config.length

    @property
    def ids(self) -> int:
        """Ids that have a target, separators counted."""
        return int(self._ends[-1]) if len(self._ends) else 0

    def batch(self, rows: Sequence[int]) -> PackedRows:
        """The rows of these numbers. The last row of the stream is filled with separators that have no target."""
        length = self._config.length
        stream_BT = np.stack([self._stream(row * length, row * length + length + 1) for row in rows])
        targets_BT = stream_BT[:, 1:].copy()
        left_B = self.ids - np.asarray(rows) * length
        targets_BT[np.arange(length) >= left_B[:, None]] = IGNORED
        tokens_BT = stream_BT[:, :-1]
        joined = self._config.documents == "joined"
        return PackedRows(tokens_BT, targets_BT, None if joined else self._documents(tokens_BT))

    def _documents(self, tokens_BT: Ids) -> Ids:
        """A separator begins a text. Ids of texts are never the separator: `encode` gives no special ids."""
        return np.cumsum(tokens_BT == self._separator, axis=1)

    def _stream(self, start: int, end: int) -> Ids:
        """The ids from `start` to `end` of the stream, separators behind its end."""
        ids = np.full(end - start, self._separator, dtype=np.int64)
        first = int(np.searchsorted(self._ends, start, side="right"))
        for place in range(first, len(self._order)):
            text = self._texts.row(int(self._order[place]))
            begin = int(self._ends[place]) - len(text)  # of its ids; its separator stands before
            if begin >= end:
                break
            part = text[max(0, start - begin) : end - begin]
            at = max(begin, start) - start
            ids[at : at + len(part)] = part
        return ids
