"""A classifier looked at from all sides, on one set of texts: everything that is more than a mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from wenlu.base.records import Text
from wenlu.evaluation.abstention import Answered, answered_above
from wenlu.evaluation.calibration import Calibration, calibration
from wenlu.evaluation.f1 import F1, f1_intervals
from wenlu.evaluation.metrics import Metrics
from wenlu.evaluation.ranking import Ranking, rank
from wenlu.evaluation.robustness import Robustness
from wenlu.evaluation.slices import Slice, cut_slices

FEW_TEXTS = 20
"""From fewer texts than this, those that are drawn again are too much alike: intervals by bootstrap are too narrow."""


class Known(msgspec.Struct, frozen=True):
    """What is known of a classifier beside its answers: the temperature in them, the threshold below which it abstains,
    and how many texts of each label it learned from, if anybody knows."""

    temperature: float = 1.0
    abstain: float | None = None
    label_counts: Mapping[str, int] = {}


class Examination(msgspec.Struct, frozen=True):
    """`ranking` is None where all texts have one label, `robustness` where no text was disturbed."""

    f1: F1
    ranking: Ranking | None
    calibration: Calibration
    answered: tuple[Answered, ...]
    slices: tuple[Slice, ...]
    robustness: Robustness | None = None


def examine(
    metrics: Metrics,
    texts: Sequence[Text],
    *,
    truth: NDArray[np.integer[Any]],
    probabilities: NDArray[np.floating[Any]],
    known: Known,
    unknown: NDArray[np.floating[Any]] | None = None,
    robustness: Robustness | None = None,
) -> Examination:
    """From probabilities [N, C] that were measured already; `unknown` [N] is the share of a text's ids that is none."""
    labels = [one.label for one in metrics.per_class]
    return Examination(
        f1=f1_intervals(metrics.confusion),
        ranking=rank(labels, truth, probabilities),
        calibration=calibration(truth, probabilities, temperature=known.temperature),
        answered=answered_above(truth, probabilities, threshold=known.abstain),
        slices=cut_slices(
            texts, probabilities.argmax(axis=1) == truth, label_counts=known.label_counts, unknown=unknown
        ),
        robustness=robustness,
    )
