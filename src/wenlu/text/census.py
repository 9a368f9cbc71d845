"""The pieces of a corpus, counted and numbered as they come, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from wenlu.text.cutting import Cut, numbers

_MOST_COUNTED = 4_000_000  # distinct pieces held: about half a gigabyte


class Census:
    """How often each piece occurs, and a number for it.

    It holds a bounded number of distinct pieces: past it, the rarer half so far is forgotten (lossy counting, Manku and
    Motwani 2002), which can only lose pieces far too rare to be kept, and all are numbered anew. Each such numbering is
    a volume; with a `folder` the pieces of all volumes are kept, so that what was numbered can be read again.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.volume = 0
        self._folder = folder
        self._numbers = numbers()
        self._counts: NDArray[np.int64] = np.zeros(0, dtype=np.int64)

    def add(self, cut: Cut) -> NDArray[np.int32]:
        """Count the pieces of some texts; the texts as numbers of the volume that was open when it was called."""
        found = np.fromiter(map(self._numbers.__getitem__, cut.pieces), dtype=np.int32, count=len(cut.pieces))
        if len(self._numbers) > len(self._counts):
            self._counts = np.concatenate([self._counts, np.zeros(len(self._numbers), dtype=np.int64)])
        self._counts[found] += cut.counts
        if len(self._numbers) > _MOST_COUNTED:
            self._begin_volume()
        return found[cut.texts.ids]

    def counts(self) -> Iterator[tuple[str, int]]:
        """Each piece held, and how often it occurred since it came in."""
        return zip(self._numbers, self._counts[: len(self._numbers)].tolist(), strict=True)

    def pieces(self, volume: int) -> list[str]:
        """The pieces of a volume by their numbers."""
        if volume == self.volume:
            return list(self._numbers)
        return msgspec.msgpack.decode(self._path(volume).read_bytes(), type=list[str])

    def _begin_volume(self) -> None:
        pieces, counts = list(self._numbers), self._counts[: len(self._numbers)]
        if self._folder is not None:
            self._path(self.volume).write_bytes(msgspec.msgpack.encode(pieces))
        kept = np.argsort(-counts, kind="stable")[: _MOST_COUNTED // 2]
        self._numbers = numbers()
        self._numbers.update((pieces[place], number) for number, place in enumerate(kept.tolist()))
        self._counts = counts[kept]
        self.volume += 1

    def _path(self, volume: int) -> Path:
        if self._folder is None:
            raise LookupError("a census without a folder keeps its last volume only")
        return self._folder / f"pieces-{volume:05}.msgpack"
