"""How well probabilities put the texts of a label before all others, wherever a line is drawn between them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from wenlu.evaluation.bootstrap import Floats, drawn, draws_for, interval

_DRAWS = 200  # two ends of an interval need no more, and each draw sorts nothing but sums over all labels
_POINTS = 60

Interval = tuple[float, float]
Points = tuple[tuple[float, float], ...]


class LabelRanking(msgspec.Struct, frozen=True):
    """One label against all others. `roc` has (false positive rate, recall), `pr` (recall, precision), thinned out."""

    label: str
    roc_auc: float
    roc_auc_interval: Interval
    average_precision: float
    average_precision_interval: Interval
    roc: Points
    pr: Points


class Ranking(msgspec.Struct, frozen=True):
    """Means over the labels that some texts have and some have not; those labels alone are in `labels`."""

    roc_auc: float
    roc_auc_interval: Interval
    average_precision: float
    average_precision_interval: Interval
    labels: tuple[LabelRanking, ...]


def rank(
    labels: Sequence[str], truth: NDArray[np.integer[Any]], probabilities: NDArray[np.floating[Any]]
) -> Ranking | None:
    """ROC AUC and average precision of probabilities [N, C]; None where all texts have one label."""
    texts = len(truth)
    known = [number for number in range(len(labels)) if 0 < int((truth == number).sum()) < texts]
    if not known:
        return None
    scores_NC = np.asarray(probabilities, dtype=np.float64)
    orders = [_Order(scores_NC[:, number], truth == number) for number in known]
    as_it_is = np.array([order.areas(np.ones((1, texts)))[0] for order in orders])  # [L, 2]
    draws = draws_for(texts * len(known), most=_DRAWS)
    areas_RL2 = drawn(lambda weights: np.stack([order.areas(weights) for order in orders], axis=1), texts, draws=draws)
    means_R2 = _mean_of_known(areas_RL2)
    return Ranking(
        roc_auc=float(as_it_is[:, 0].mean()),
        roc_auc_interval=interval(means_R2[:, 0]),
        average_precision=float(as_it_is[:, 1].mean()),
        average_precision_interval=interval(means_R2[:, 1]),
        labels=tuple(
            LabelRanking(
                label=labels[number],
                roc_auc=float(as_it_is[at, 0]),
                roc_auc_interval=interval(areas_RL2[:, at, 0]),
                average_precision=float(as_it_is[at, 1]),
                average_precision_interval=interval(areas_RL2[:, at, 1]),
                roc=orders[at].roc(),
                pr=orders[at].pr(),
            )
            for at, number in enumerate(known)
        ),
    )


class _Order:
    """Texts by falling probability of one label. Texts of the same probability are one step."""

    def __init__(self, score_N: Floats, positive_N: NDArray[np.bool_]) -> None:
        self._order_N = np.argsort(-score_N, kind="stable")
        sorted_N = score_N[self._order_N]
        self._starts = np.flatnonzero(np.concatenate([[True], sorted_N[1:] != sorted_N[:-1]]))
        self._positive_N = positive_N[self._order_N].astype(np.float64)

    def areas(self, weights_RN: Floats) -> Floats:
        """ROC AUC and average precision [R, 2] of weighted texts; NaN where all that are drawn have the label, or none.

        AUC is the share of pairs in the right order, ties half (Hanley & McNeil 1982);
        AP = Σ over steps (recall - recall before) · precision, without interpolation.
        """
        true_RS, false_RS = self._steps(weights_RN)
        found_RS, wrong_RS = true_RS.cumsum(axis=1), false_RS.cumsum(axis=1)
        trues_R, falses_R = found_RS[:, -1], wrong_RS[:, -1]
        behind_RS = falses_R[:, None] - wrong_RS + false_RS / 2
        precision_RS = found_RS / np.maximum(found_RS + wrong_RS, 1)
        with np.errstate(invalid="ignore", divide="ignore"):
            auc_R = (true_RS * behind_RS).sum(axis=1) / (trues_R * falses_R)
            average_R = (true_RS * precision_RS).sum(axis=1) / trues_R
        average_R[falses_R == 0] = np.nan
        return np.stack([auc_R, average_R], axis=1)

    def roc(self) -> Points:
        found_S, wrong_S = self._cumulated()
        return _thinned(np.concatenate([[0.0], wrong_S / wrong_S[-1]]), np.concatenate([[0.0], found_S / found_S[-1]]))

    def pr(self) -> Points:
        found_S, wrong_S = self._cumulated()
        precision_S = found_S / (found_S + wrong_S)
        return _thinned(np.concatenate([[0.0], found_S / found_S[-1]]), np.concatenate([precision_S[:1], precision_S]))

    def _cumulated(self) -> tuple[Floats, Floats]:
        true_RS, false_RS = self._steps(np.ones((1, len(self._order_N))))
        return true_RS[0].cumsum(), false_RS[0].cumsum()

    def _steps(self, weights_RN: Floats) -> tuple[Floats, Floats]:
        """Weight of the texts with and without the label at each step [R, S]."""
        sorted_RN = weights_RN[:, self._order_N]
        true_RS = np.add.reduceat(sorted_RN * self._positive_N, self._starts, axis=1)
        return true_RS, np.add.reduceat(sorted_RN, self._starts, axis=1) - true_RS


def _mean_of_known(areas_RL2: Floats) -> Floats:
    """Means over labels [R, 2]; NaN of a draw in which no label has an area."""
    known_RL2 = np.isfinite(areas_RL2)
    numbers_R2 = known_RL2.sum(axis=1)
    means_R2: Floats = np.where(known_RL2, areas_RL2, 0.0).sum(axis=1) / np.maximum(numbers_R2, 1)
    means_R2[numbers_R2 == 0] = np.nan
    return means_R2


def _thinned(across: Floats, up: Floats) -> Points:
    """At most so many points of a curve, evenly along it, with both its ends."""
    length = np.concatenate([[0.0], (np.abs(np.diff(across)) + np.abs(np.diff(up))).cumsum()])
    wanted = np.linspace(0, length[-1], _POINTS)
    rows = np.unique(np.searchsorted(length, wanted).clip(max=len(length) - 1))
    return tuple(zip(across[rows].round(4).tolist(), up[rows].round(4).tolist(), strict=True))
