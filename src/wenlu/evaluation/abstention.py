"""What is gained by not answering where a classifier is unsure: how much is answered at a threshold, and how well."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from wenlu.evaluation.metrics import wilson_interval

_THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)


class Answered(msgspec.Struct, frozen=True):
    """The answers whose probability is at least `threshold`: how many, their share of all, how many of them are right.

    `accuracy` and its 95 % are None where nothing is answered.
    """

    threshold: float
    texts: int
    share: float
    accuracy: float | None
    accuracy_interval: tuple[float, float] | None


def answered_above(
    truth: NDArray[np.integer[Any]], probabilities: NDArray[np.floating[Any]], *, threshold: float | None = None
) -> tuple[Answered, ...]:
    """At customary thresholds, and at the one that is set, lowest first."""
    confidence_N, right_N = probabilities.max(axis=1), probabilities.argmax(axis=1) == truth
    wanted = sorted({*_THRESHOLDS, *([] if threshold is None else [threshold])})
    return tuple(_answered(one, confidence_N >= one, right_N) for one in wanted)


def _answered(threshold: float, answered_N: NDArray[np.bool_], right_N: NDArray[np.bool_]) -> Answered:
    texts, right = int(answered_N.sum()), int((answered_N & right_N).sum())
    share = texts / len(right_N)
    if not texts:
        return Answered(threshold, 0, 0.0, None, None)
    return Answered(threshold, texts, share, right / texts, wilson_interval(right, texts))
