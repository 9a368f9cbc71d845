"""Which texts are nearly the same: MinHash signatures cut into bands, then the true similarity of those that meet.

Broder 1997 (MinHash), Leskovec, Rajaraman and Ullman, Mining of Massive Datasets, chapter 3 (bands). Two texts meet if
all rows of a band agree; whether they are alike is then decided by Jaccard's index of their shingles, so a wrong
meeting costs time and never a text.

Memory holds what about `_PART` texts show in one band, `_REMEMBERED` shingles, and one byte a text. A text takes 8
bytes of disk a band, and 16 more while a band is divided: 100 million texts take 18 GB, written once and read once.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from wenlu.corpus.dedup.reasons import KEPT, NEAR, NEAR_OF_HELD_OUT, Reasons
from wenlu.corpus.dedup.scattered import Records, Scattered
from wenlu.corpus.dedup.shingles import Shingles, shingle_set, similarity

_PERMUTATIONS = 128
_FOUND = 0.99  # share of pairs right at the threshold that meet in some band; more alike ones meet nearly always
_SEED = 42
_PART = 1_000_000
_AT_ONCE = 200_000
_LEADERS = 8  # texts of one meeting that a further one is compared with: a meeting of millions stays linear
_REMEMBERED = 400_000  # shingles, 150 bytes each: thousands of sentences, or a handful of the longest texts
_NOTHING = np.uint64(0)
_SEEN = np.dtype([("shown", "<u8"), ("text", "<i8")])


@dataclass(frozen=True, slots=True)
class Bands:
    """How a signature is cut: `number` bands of `rows` rows."""

    number: int
    rows: int

    @classmethod
    def at(cls, threshold: float) -> Bands:
        """The widest bands in which pairs of this similarity still meet.

        >>> Bands.at(0.8)
        Bands(number=21, rows=6)
        """
        cuts = [cls(_PERMUTATIONS // rows, rows) for rows in range(1, _PERMUTATIONS + 1)]
        return max((cut for cut in cuts if cut.chance(threshold) >= _FOUND), key=lambda cut: cut.rows)

    def chance(self, alike: float) -> float:
        """The probability that two texts of this similarity meet."""
        return float(1 - (1 - alike**self.rows) ** self.number)

    def hashes(self, shingles: Shingles) -> NDArray[np.uint64]:
        """What each text shows in each band [N, number]; 0 in all of them if it has no shingles."""
        import rensa  # belongs to an optional extra

        permutations = self.number * self.rows
        starts = np.concatenate([[0], shingles.ends]).astype(np.uint64)
        matrix = rensa.RMinHash.digest_matrix_from_flat_token_hashes(shingles.hashes, starts, permutations, _SEED)
        cells = len(shingles) * permutations
        signatures = np.fromiter(chain.from_iterable(matrix.to_rows()), dtype=np.uint64, count=cells)
        hashes = _folded(signatures.reshape(len(shingles), self.number, self.rows))
        hashes[starts[1:] == starts[:-1]] = _NOTHING
        return hashes


def _folded(rows: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """64 bits of the last axis, never 0."""
    hashes = np.zeros(rows.shape[:-1], dtype=np.uint64)
    for row in range(rows.shape[-1]):
        hashes = (hashes ^ rows[..., row]) * np.uint64(0x9E3779B97F4A7C15)
        hashes ^= hashes >> np.uint64(32)
    hashes[hashes == _NOTHING] = 1
    return hashes


class BandFiles:
    """One file a band: what each text shows there, 8 bytes behind one another."""

    def __init__(self, folder: Path, bands: Bands) -> None:
        self._paths = [folder / f"band-{band:02}.u64" for band in range(bands.number)]
        self._files: list[IO[bytes]] = []

    def __enter__(self) -> BandFiles:
        self._files = [path.open("wb") for path in self._paths]
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._files:
            file.close()

    def add(self, hashes: NDArray[np.uint64]) -> None:
        """The next texts [N, bands]."""
        for file, column in zip(self._files, hashes.T, strict=True):
            file.write(np.ascontiguousarray(column).tobytes())

    def meetings(self, reasons: Reasons) -> Iterator[NDArray[np.int64]]:
        """The texts that show the same in one band, by number, two or more at a time, band after band.

        Those count that have no reason to be refused when a band begins.
        """
        for path in self._paths:
            yield from _meetings(path, reasons)

    def remove(self) -> None:
        for path in self._paths:
            path.unlink()


def _meetings(path: Path, reasons: Reasons) -> Iterator[NDArray[np.int64]]:
    left = len(reasons) - int(np.count_nonzero(reasons))
    with Scattered(path.parent, _SEEN, parts=-(-left // _PART) or 1) as scattered:
        for start in range(0, len(reasons), _AT_ONCE):
            shown = np.fromfile(path, dtype=np.uint64, count=_AT_ONCE, offset=start * 8)
            mine = np.flatnonzero((reasons[start : start + _AT_ONCE] == KEPT) & (shown != _NOTHING))
            scattered.add(shown[mine], shown[mine], mine + start)
        for part in scattered.parts():
            yield from _showing_the_same(part.whole())


def _showing_the_same(seen: Records) -> Iterator[NDArray[np.int64]]:
    order = np.argsort(seen["shown"], kind="stable")  # stable: the texts of a meeting stay in the order of reading
    shown, texts = seen["shown"][order], seen["text"][order]
    starts = np.flatnonzero(np.concatenate([[True], shown[1:] != shown[:-1]]))
    ends = np.append(starts[1:], len(shown))
    several = ends - starts > 1
    for start, end in zip(starts[several], ends[several], strict=True):
        yield texts[start:end]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two texts that are nearly the same, by number; the second is refused."""

    kept: int
    dropped: int
    similarity: float


class _Remembered:
    """The shingles of a text by its number; those of the texts asked for last are kept, whatever their length."""

    def __init__(self, shingles: Callable[[int], frozenset[str]]) -> None:
        self._shingles = shingles
        self._kept: OrderedDict[int, frozenset[str]] = OrderedDict()
        self._size = 0

    def __call__(self, text: int) -> frozenset[str]:
        if text in self._kept:
            self._kept.move_to_end(text)
            return self._kept[text]
        found = self._kept[text] = self._shingles(text)
        self._size += len(found)
        while self._size > _REMEMBERED and len(self._kept) > 1:
            self._size -= len(self._kept.popitem(last=False)[1])
        return found


@dataclass(frozen=True, slots=True)
class NearCopies:
    """Refuses, in `reasons`, the texts that are nearly the same as one before them.

    Texts of a held-out split come first, so that they stay and what is like them goes; they are not compared among
    themselves, since a fixed test set is taken as it is.
    """

    reasons: Reasons
    held_out: NDArray[np.int8]
    body: Callable[[int], str]
    threshold: float
    shingle: int

    def find(self, files: BandFiles) -> Iterator[Pair]:
        """Go through every meeting, and give each refusal as it is made."""
        shingles = _Remembered(self._shingles)
        for meeting in files.meetings(self.reasons):
            yield from self._judge(meeting, shingles)

    def _judge(self, meeting: NDArray[np.int64], shingles: Callable[[int], frozenset[str]]) -> Iterator[Pair]:
        leaders: list[int] = []
        if self.held_out[meeting].any():
            meeting = meeting[np.argsort(-self.held_out[meeting], kind="stable")]
        for text in meeting.tolist():
            if self.reasons[text]:
                continue
            pair = self._like(text, leaders, shingles)
            if pair is not None:
                self.reasons[text] = NEAR_OF_HELD_OUT if self.held_out[pair.kept] else NEAR
                yield pair
            elif len(leaders) < _LEADERS:
                leaders.append(text)

    def _like(self, text: int, leaders: Sequence[int], shingles: Callable[[int], frozenset[str]]) -> Pair | None:
        for leader in leaders:
            if self.held_out[text] and self.held_out[leader] == self.held_out[text]:
                continue
            alike = similarity(shingles(leader), shingles(text))
            if alike >= self.threshold:
                return Pair(leader, text, alike)
        return None

    def _shingles(self, text: int) -> frozenset[str]:
        return shingle_set(self.body(text), length=self.shingle)
