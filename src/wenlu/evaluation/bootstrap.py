"""Intervals of any figure that texts add up to, by drawing the texts again and again (Efron 1979).

A draw is how often each text was drawn: R draws of N texts are weights [R, N], and every figure is arithmetic on
weighted sums, so draws are computed many at a time. Memory is bounded: `_CELLS` weights at once, whatever N is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

DRAWS = 1_000
_SEED = 1
_CELLS = 2_000_000
_LEVEL = 0.95
_MOST_DRAWN, _LEAST_DRAWS = 20_000_000, 100  # texts drawn in all, where time must be bounded, but never fewer draws


def draws_for(texts: int, *, most: int = DRAWS) -> int:
    """How many draws of so many texts take a second or two: `most`, or fewer where texts are many.

    >>> draws_for(10_000), draws_for(200_000), draws_for(1_000_000)
    (1000, 100, 100)
    """
    return max(_LEAST_DRAWS, min(most, _MOST_DRAWN // texts))


def drawn(figure: Callable[[Floats], Floats], texts: int, *, draws: int = DRAWS) -> Floats:
    """Figures [R] or [R, K] of `figure(weights [r, N])`, the same every time."""
    return np.concatenate([figure(weights) for weights in _weights(texts, draws)])


def interval(figures: Floats) -> tuple[float, float]:
    """The middle 95 % of drawn figures [R]; draws in which a figure is none (a constant has no correlation) are out."""
    known = figures[np.isfinite(figures)]
    if not known.size:
        return float("nan"), float("nan")
    low, high = np.quantile(known, [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2])
    return float(low), float(high)


def _weights(texts: int, draws: int) -> Iterator[Floats]:
    """How often each text was drawn [r, N], in parts that together make all draws."""
    chance = np.random.default_rng(_SEED)
    together = max(1, _CELLS // texts)
    for start in range(0, draws, together):
        rows = min(together, draws - start)
        chosen = chance.integers(texts, size=(rows, texts)) + np.arange(rows)[:, None] * texts
        counts = np.bincount(chosen.ravel(), minlength=rows * texts)
        yield counts.reshape(rows, texts).astype(np.float64)
