"""A language model of counts: what every other one has to beat.

Characters given the four before them, by interpolated modified Kneser-Ney smoothing (Kneser and Ney 1995; Chen and
Goodman 1999), as KenLM computes it. All n-grams of an order are one sorted column of hashes, looked up together.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, repeat

import numpy as np
from numpy.typing import NDArray

from wenlu.base.errors import WenluError

Hashes = NDArray[np.uint64]
Counts = NDArray[np.int64]
Floats = NDArray[np.float64]

_GROWN = np.uint64(0x9E3779B97F4A7C15)  # odd, so that multiplication loses nothing
_BEGIN, _END, _UNKNOWN = 0, 1, 2  # ids of what is no character


@dataclass(frozen=True, slots=True)
class _Order:
    """The n-grams of one length: their hashes, sorted, with adjusted counts; and of each history that occurs, its hash,
    sorted, the sum of the counts and how many n-grams have count 1, 2, and 3 or more [H, 3]."""

    grams: Hashes
    counts: Counts
    histories: Hashes
    totals: Counts
    kinds: Counts
    discounts: Floats

    @classmethod
    def of(cls, grams: Hashes, counts: Counts, histories: Hashes) -> _Order:
        """`histories[i]` is the hash of the history of `grams[i]`."""
        kinds = np.minimum(counts, 3)
        unique, places = np.unique(histories, return_inverse=True)
        totals = np.bincount(places, counts, len(unique)).astype(np.int64)
        by_kind = np.bincount(places * 3 + kinds - 1, minlength=3 * len(unique)).reshape(-1, 3)
        return cls(grams, counts, unique, totals, by_kind, _discounts(counts))

    def probability(self, grams: Hashes, histories: Hashes, below: Floats) -> Floats:
        """Of each gram given its history, where `below` is its probability given the history without its first."""
        counts = _found(self.grams, self.counts, grams)
        totals = _found(self.histories, self.totals, histories)
        place = np.searchsorted(self.histories, histories).clip(max=max(len(self.histories) - 1, 0))
        left = np.where(totals > 0, self.kinds[place] @ self.discounts, 0.0)
        taken = np.where(counts > 0, self.discounts[np.minimum(counts, 3) - 1], 0.0)
        known = (counts - taken + left * below) / np.maximum(totals, 1)
        return np.where(totals > 0, known, below)


class Ngram:
    """Learned from texts; says how surprised it is by others."""

    def __init__(self, texts: Iterable[str], *, order: int = 5, characters: int = 20_000_000) -> None:
        """Reads at most so many characters, from the first text on: about 100 bytes of memory each.

        Raises WenluError `no_texts` where there is none.
        """
        self._order = order
        bodies = _up_to(texts, characters)
        if not bodies:
            raise WenluError("no_texts", "There is no text to count.")
        self._ids = {character: number for number, character in enumerate(sorted(set(chain.from_iterable(bodies))), 3)}
        ids = self._row(bodies)
        self._orders = _counted(ids, order)

    @property
    def size(self) -> int:
        """Characters that it knows, the end of a text and an unknown one included."""
        return len(self._ids) + 2

    def surprise(self, texts: Sequence[str]) -> Floats:
        """-Σ ln p of each text [N], its end included."""
        if not texts:
            return np.empty(0)
        ids = self._row(texts)
        windows = [_windows(ids, length) for length in range(1, self._order + 1)]
        probability = np.full(len(ids), 1 / self.size)
        empty = np.zeros(len(ids), dtype=np.uint64)
        for length, known in enumerate(self._orders, 1):
            histories = np.roll(windows[length - 2], 1) if length > 1 else empty
            probability = known.probability(windows[length - 1], histories, probability)
        foretold = ids != _BEGIN
        number = np.repeat(np.arange(len(texts)), [len(text) + self._order for text in texts])
        nats = np.bincount(number[foretold], -np.log(probability[foretold]), len(texts))
        return nats.astype(np.float64)

    def _row(self, texts: Sequence[str]) -> NDArray[np.uint64]:
        """All texts in one row, each with its beginning and its end."""
        find, begin = self._ids.get, [_BEGIN] * (self._order - 1)
        parts = (chain(begin, map(find, text, repeat(_UNKNOWN)), [_END]) for text in texts)
        return np.fromiter(chain.from_iterable(parts), dtype=np.uint64)


def _counted(ids: NDArray[np.uint64], order: int) -> list[_Order]:
    """From the longest down: below it, what counts is by how many characters an n-gram is preceded."""
    orders: list[_Order] = []
    windows = [_windows(ids, length) for length in range(1, order + 1)]
    real = np.flatnonzero(ids != _BEGIN)
    places = real
    for length in range(order, 0, -1):
        grams = windows[length - 1][places]
        unique, first, counts = np.unique(grams, return_index=True, return_counts=True)
        last = places[first]
        histories = windows[length - 2][last - 1] if length > 1 else np.zeros(len(unique), dtype=np.uint64)
        orders.append(_Order.of(unique, counts, histories))
        places = last  # one place for each n-gram: its ending is counted once below
    return orders[::-1]


def _windows(ids: NDArray[np.uint64], length: int) -> Hashes:
    """A hash of the `length` ids that end at each place; at the beginning of the row it means nothing."""
    hashes = np.zeros(len(ids), dtype=np.uint64)
    for back in range(length - 1, -1, -1):
        hashes = (hashes ^ (np.roll(ids, back) + np.uint64(1))) * _GROWN
        hashes ^= hashes >> np.uint64(29)
    return hashes


def _discounts(counts: Counts) -> Floats:
    """D₁, D₂ and D₃₊ from how many n-grams occur once to four times.

    Dₖ = k - (k + 1) Y nₖ₊₁ / nₖ with Y = n₁ / (n₁ + 2 n₂).
    Where the counts give no such number (a handful of texts), an absolute discount of a half.
    """
    often = np.bincount(np.minimum(counts, 5), minlength=6)[1:5].astype(float)
    if not often.all():
        return np.array([0.5, 0.5, 0.5])
    share = often[0] / (often[0] + 2 * often[1])
    found = np.array([k - (k + 1) * share * often[k] / often[k - 1] for k in (1, 2, 3)])
    clipped: Floats = found.clip([0.05, 0.05, 0.05], [0.95, 1.95, 2.95])
    return clipped


def _found(keys: Hashes, values: Counts, wanted: Hashes) -> Counts:
    """The value at each wanted key, 0 where there is none."""
    place = np.searchsorted(keys, wanted).clip(max=len(keys) - 1)
    return np.where(keys[place] == wanted, values[place], 0)


def _up_to(texts: Iterable[str], characters: int) -> list[str]:
    taken: list[str] = []
    for text in texts:
        if characters <= 0:
            break
        taken.append(text[:characters])
        characters -= len(text)
    return taken
