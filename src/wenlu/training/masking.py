"""Which ids of a text are masked, and what stands there instead.

Of the places that are asked for, 80 % show the mask, 10 % an id by chance and 10 % the id itself, so that a model has
to have an opinion at every place (Devlin et al. 2019). All of it is a function of seed, epoch and the text's number
alone: a training that is taken up again meets the masks that it would have met.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_MASKED, _BY_CHANCE = 0.8, 0.9  # bounds of a draw between 0 and 1
_OURS = 0x6D61736B  # keeps this chance apart from that of the order, which has the same seed


@dataclass(frozen=True, slots=True)
class Masked:
    """The places of a text that are asked for, in order [N], and the ids that the model sees there [N]."""

    places: NDArray[np.int64]
    shown: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Masking:
    """How texts are masked: which `share` of their ids, up to `span` of them side by side; `mask` is the id that hides
    another, `ordinary` are those that may stand anywhere [K]."""

    share: float
    span: int
    mask: int
    ordinary: NDArray[np.int64]
    seed: int

    def number(self, length: int) -> int:
        """How many of `length` ids are asked for: at least one.

        >>> [Masking(0.15, 1, 1, np.arange(2, 9), seed=1).number(length) for length in (1, 10, 100)]
        [1, 2, 15]
        """
        return max(1, round(self.share * length))

    def __call__(self, ids: NDArray[np.integer], *, epoch: int, row: int) -> Masked:
        """What is hidden of the text of that number in that epoch."""
        chance = np.random.default_rng([self.seed, epoch, row, _OURS])
        places = self._places(len(ids), chance)
        shown = ids[places].astype(np.int64)
        draw = chance.random(len(places))
        others = self.ordinary[chance.integers(len(self.ordinary), size=len(places))]
        shown[draw < _BY_CHANCE] = others[draw < _BY_CHANCE]
        shown[draw < _MASKED] = self.mask
        return Masked(places, shown)

    def _places(self, length: int, chance: np.random.Generator) -> NDArray[np.int64]:
        """Spans that begin anywhere, before the text too, so that its first id is as likely asked for as any other."""
        before, number = self.span - 1, self.number(length)
        starts = chance.permutation(length + before) - before
        if not before:
            return np.sort(starts[:number])
        ends = starts + chance.integers(1, self.span + 1, size=len(starts))
        found = dict.fromkeys(
            place
            for start, end in zip(starts.tolist(), ends.tolist(), strict=True)
            for place in range(max(start, 0), min(end, length))
        )
        return np.sort(np.fromiter(found, dtype=np.int64, count=len(found))[:number])
