"""The answers asked for last, within so many bytes."""

from __future__ import annotations

import sys
from collections import OrderedDict
from dataclasses import dataclass

from wenlu.bundle.predict import Answer, Prediction

_FLOAT = sys.getsizeof(1.5)
_SLOT = 180  # of an entry: its key, its place in an ordered dict, and itself


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer, and the seconds that somebody waited for it when it was computed."""

    prediction: Prediction
    seconds: float


class Memory:
    """Least recently used first out (LRU). Belongs to one thread."""

    def __init__(self, limit: int) -> None:
        """At most `limit` bytes."""
        self.bytes = 0
        self._limit = limit
        self._kept: OrderedDict[bytes, Kept] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: bytes) -> Kept | None:
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def put(self, key: bytes, kept: Kept) -> None:
        before = self._kept.pop(key, None)
        if before is not None:
            self.bytes -= weight(before)
        self._kept[key] = kept
        self.bytes += weight(kept)
        while self.bytes > self._limit:
            _, oldest = self._kept.popitem(last=False)
            self.bytes -= weight(oldest)


def weight(kept: Kept) -> int:
    """Bytes of memory that it takes, its key too."""
    scores = kept.prediction.scores if isinstance(kept.prediction, Answer) else {}
    return _SLOT + sys.getsizeof(scores) + _FLOAT * len(scores)
