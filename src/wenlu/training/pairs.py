"""Sources and targets as ids: what a model from text to text learns from.

Encoded texts stand by twos, each source before its target; or each text is its own target.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wenlu.bundle.predict import Ids, padded
from wenlu.training.cross_entropy import IGNORED
from wenlu.training.encoded import EncodedTexts


@dataclass(frozen=True, slots=True)
class PairBatch:
    """Some pairs: ids of the sources [B, S] and their lengths [B], the ids that stand before those of the targets
    [B, T], and those that follow each of them [B, T] (`IGNORED` behind the end)."""

    sources: Ids
    lengths: Ids
    tokens: Ids
    targets: Ids


class EncodedPairs:
    """`together` is 2 where a target stands behind its source, 1 where it is the source.

    A target of `longest` ids was cut off, so it has no end to learn.
    """

    def __init__(self, texts: EncodedTexts, *, together: int, longest: int, end: int) -> None:
        self._texts, self._together, self._longest, self._end = texts, together, longest, end
        lengths = texts.lengths
        self.sources: NDArray[np.int64] = lengths[::together]
        """Ids of each source [N]."""
        self.targets: NDArray[np.int64] = lengths[together - 1 :: together]
        """The same of targets, without their end."""

    def __len__(self) -> int:
        return len(self.sources)

    @property
    def counted(self) -> NDArray[np.int64]:
        """Ids of each target that are learned [N], its end among them."""
        return self.targets + (self.targets < self._longest)

    def batch(self, rows: Sequence[int]) -> PairBatch:
        """The pairs of these numbers."""
        sources_BS, lengths_B = padded([self._row(row * self._together) for row in rows])
        targets = [self._row(row * self._together + self._together - 1) for row in rows]
        tokens_BT, counted_B = padded([self._written(target) for target in targets])
        following_BT = np.full_like(tokens_BT, IGNORED)
        for place, (target, counted) in enumerate(zip(targets, counted_B.tolist(), strict=True)):
            following_BT[place, :counted] = [*target, self._end][:counted]
        return PairBatch(sources_BS, lengths_B, tokens_BT, following_BT)

    def _written(self, target: list[int]) -> list[int]:
        """The beginning, which is the end of nothing, and the ids that another one follows."""
        return [self._end, *target[: self._longest - 1]] if len(target) >= self._longest else [self._end, *target]

    def _row(self, number: int) -> list[int]:
        row: list[int] = self._texts.row(number).tolist()
        return row
