"""Which split a text belongs to: a function of its content alone, so that adding texts never moves an old one."""

from __future__ import annotations

import hashlib
from collections.abc import Collection

from wenlu.corpus.settings import SPLITS, SplitConfig


class Splitter:
    """Divides texts among the splits that no source fixes, in the shares asked for.

    A share holds in expectation, for all texts and for each label; nothing can hold it exactly and never move a text.
    """

    def __init__(self, config: SplitConfig, *, fixed: Collection[str] = ()) -> None:
        open_splits = [split for split in SPLITS if split not in fixed or split == "train"]
        parts = [getattr(config, split) for split in open_splits]
        total = sum(parts)
        self._bounds = [
            (sum(parts[: number + 1]) / total, split) for number, split in enumerate(open_splits) if parts[number]
        ]
        self._salt = config.salt

    def __call__(self, text_id: str) -> str:
        """The split of the text with this id."""
        place = fraction(f"{self._salt}\0{text_id}")
        return next((split for bound, split in self._bounds if place < bound), self._bounds[-1][1])


def fraction(key: str) -> float:
    """A number from 0 up to 1 that depends on `key` alone."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:6], "big") / (1 << 48)
