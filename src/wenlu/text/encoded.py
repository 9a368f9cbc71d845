"""Many texts as ids, in one array."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple, Self

import msgspec
import numpy as np
from numpy.typing import NDArray


class Around(NamedTuple):
    """Ids that stand before and behind every text."""

    before: tuple[int, ...] = ()
    behind: tuple[int, ...] = ()

    @property
    def number(self) -> int:
        return len(self.before) + len(self.behind)


NOTHING_AROUND = Around()


class Encoded(NamedTuple):
    """Some texts as ids: all of them, one text behind the other, and how many each text has [N]."""

    ids: NDArray[np.int32]
    lengths: NDArray[np.int64]

    @classmethod
    def of(cls, rows: Sequence[Sequence[int]]) -> Self:
        lengths = np.fromiter(map(len, rows), dtype=np.int64, count=len(rows))
        return cls(np.fromiter(chain.from_iterable(rows), dtype=np.int32, count=int(lengths.sum())), lengths)

    def bounded(self, longest: int, *, nothing: int) -> Encoded:
        """The first `longest` ids of each text; a text of nothing is the id `nothing`."""
        if not len(self.lengths) or (self.lengths.max() <= longest and self.lengths.min() > 0):
            return self
        ends = np.cumsum(self.lengths)
        place = np.arange(len(self.ids)) - np.repeat(ends - self.lengths, self.lengths)
        lengths = np.minimum(self.lengths, longest)
        empty = np.flatnonzero(lengths == 0)
        kept = self.ids[place < longest]
        return Encoded(np.insert(kept, np.cumsum(lengths)[empty], nothing), np.maximum(lengths, 1))

    def surrounded(self, longest: int, around: Around) -> Encoded:
        """At most `longest` ids of each text, what stands around it among them; of a text of nothing that alone."""
        room = max(longest - around.number, 0)
        ends = np.cumsum(self.lengths)
        kept = self.ids[np.arange(len(self.ids)) - np.repeat(ends - self.lengths, self.lengths) < room]
        lengths = np.minimum(self.lengths, room)
        ends = np.cumsum(lengths)
        each = [np.repeat(ends - lengths, len(around.before)), np.repeat(ends, len(around.behind))]
        places = np.concatenate([one.reshape(len(lengths), -1) for one in each], axis=1).ravel()
        put = np.tile(np.array([*around.before, *around.behind], dtype=np.int32), len(lengths))
        return Encoded(np.insert(kept, places, put), lengths + around.number)

    def to_bytes(self) -> bytes:
        """For a message between processes."""
        return msgspec.msgpack.encode((self.ids.tobytes(), self.lengths.tobytes()))

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        ids, lengths = msgspec.msgpack.decode(content, type=tuple[bytes, bytes])
        return cls(np.frombuffer(ids, dtype=np.int32), np.frombuffer(lengths, dtype=np.int64))
