"""The answers asked for last, within so many bytes."""

from __future__ import annotations

import sys
from collections import OrderedDict

_SLOT = 180  # bytes of an entry: its key, and its place in an ordered dict


class Memory:
    """Bytes by key, the least recently used first out (LRU). Belongs to one thread.

    Bytes, not answers: a hundred thousand objects would have to be looked through at each collection of garbage, and
    whoever asks then would wait for it.
    """

    def __init__(self, limit: int) -> None:
        """At most `limit` bytes."""
        self.bytes = 0
        self._limit = limit
        self._kept: OrderedDict[bytes, bytes] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: bytes) -> bytes | None:
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def put(self, key: bytes, content: bytes) -> None:
        before = self._kept.pop(key, None)
        if before is not None:
            self.bytes -= weight(before)
        self._kept[key] = content
        self.bytes += weight(content)
        while self.bytes > self._limit:
            _, oldest = self._kept.popitem(last=False)
            self.bytes -= weight(oldest)


def weight(content: bytes) -> int:
    """Bytes of memory that it takes, its key too."""
    return _SLOT + sys.getsizeof(content)
