"""Which split a text belongs to: a function of its content alone, so that adding texts never moves an old one."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection

from wenlu.corpus.settings import SPLITS, SplitConfig

_BYTES = 6  # of a digest: enough that shares are exact to 1e-14


class Splitter:
    """Divides texts among the splits that no source fixes, in the shares asked for.

    A share holds in expectation, for all texts and for each label; nothing can hold it exactly and never move a text.
    """

    def __init__(self, config: SplitConfig, *, fixed: Collection[str] = ()) -> None:
        parts = [0 if split in fixed and split != "train" else getattr(config, split) for split in SPLITS]
        total = sum(parts)
        self._bounds = [
            (_bound(sum(parts[: number + 1]) / total), number) for number in range(len(SPLITS)) if parts[number]
        ]
        self._salted = hashlib.sha256(f"{config.salt}\0".encode())

    def __call__(self, key: str) -> int:
        """The split of the text with this id, or of all texts of this group, as its place in SPLITS."""
        if len(self._bounds) == 1:
            return self._bounds[0][1]
        salted = self._salted.copy()
        salted.update(key.encode())
        place = salted.digest()[:_BYTES]
        for bound, number in self._bounds:
            if place < bound:
                return number
        return self._bounds[-1][1]


def _bound(share: float) -> bytes:
    """The first place in a digest that lies behind this share of all places."""
    return min(math.ceil(share * (1 << 8 * _BYTES)), (1 << 8 * _BYTES) - 1).to_bytes(_BYTES, "big")
