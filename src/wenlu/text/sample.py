"""A bounded part of any number of texts, chosen by the texts alone."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from hashlib import blake2b

_HASHES = 2**64
_PASSAGE = 1_024  # characters: a long document enters in passages, so that one book does not push out all else


class Sample:
    """Passages of texts, at most `characters` of them in all: those with the smallest hashes, as far as they fit.

    The same texts give the same sample in any order, and the memory is that of `characters` characters.
    """

    def __init__(self, texts: Iterable[str], *, characters: int) -> None:
        self.limit = characters
        self.seen = self.kept = 0
        self._below = _HASHES  # no passage with this hash or a greater one can be in the sample any more
        self._heap: list[tuple[int, str]] = []  # the largest hash on top, by its negative
        for text in texts:
            for passage in _passages(text):
                self._offer(passage)

    def __iter__(self) -> Iterator[str]:
        """In the order of the hashes, which is as good as chance."""
        return (passage for _, passage in sorted(self._heap, reverse=True))

    def _offer(self, passage: str) -> None:
        self.seen += len(passage)
        number = _hash(passage)
        if number >= self._below:
            return
        self.kept += len(passage)
        heapq.heappush(self._heap, (-number, passage))
        while self.kept > self.limit:
            largest, dropped = heapq.heappop(self._heap)
            self._below = -largest
            self.kept -= len(dropped)


def _passages(text: str) -> Iterator[str]:
    return (text[start : start + _PASSAGE] for start in range(0, len(text), _PASSAGE))


def _hash(passage: str) -> int:
    return int.from_bytes(blake2b(passage.encode("utf-8", "surrogatepass"), digest_size=8).digest())
