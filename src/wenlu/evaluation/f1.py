"""Intervals of F1 by bootstrap, and two models compared on the same texts.

Whatever is made of counted cells alone (truth and answer) need not draw texts: drawing N texts anew is drawing the
cells from a multinomial, which takes as long for a million texts as for a thousand.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from wenlu.evaluation.bootstrap import DRAWS, Floats, interval
from wenlu.evaluation.choose import mcnemar_p_value

_SEED = 1
_SIGNIFICANCE = 0.05

Answers = NDArray[np.integer[Any]]


class F1(msgspec.Struct, frozen=True):
    """95 % of macro F1, of micro F1 (which is accuracy where a text has one label) and of each label's F1."""

    micro_f1: float
    micro_f1_interval: tuple[float, float]
    macro_f1_interval: tuple[float, float]
    label_intervals: tuple[tuple[float, float], ...]


class Comparison(msgspec.Struct, frozen=True):
    """One model against another on the same texts; differences are this one's lead, with 95 %.

    `only_this` and `only_other` count the texts that one alone answers right, `p_value` is McNemar's exact one of them.
    """

    texts: int
    accuracy: float
    other_accuracy: float
    accuracy_lead_interval: tuple[float, float]
    macro_f1_lead: float
    macro_f1_lead_interval: tuple[float, float]
    only_this: int
    only_other: int
    p_value: float
    distinguishable: bool


def f1_intervals(confusion: Sequence[Sequence[int]]) -> F1:
    """From counts with a row for each true label and a column for each answer."""
    confusion_CC = np.asarray(confusion, dtype=np.int64)
    truth_K, answer_K = np.nonzero(confusion_CC)
    counts_K = confusion_CC[truth_K, answer_K]
    drawn_RK = _drawn(counts_K)
    scores_RC, present_RC = _f1(drawn_RK, truth_K, answer_K, classes=len(confusion_CC))
    right_R = drawn_RK[:, truth_K == answer_K].sum(axis=1) / counts_K.sum()
    return F1(
        micro_f1=float(np.trace(confusion_CC) / confusion_CC.sum()),
        micro_f1_interval=interval(right_R),
        macro_f1_interval=interval(_macro(scores_RC, present_RC)),
        label_intervals=tuple(map(interval, scores_RC.T)),
    )


def compare_answers(
    truth: NDArray[np.integer[Any]],
    answers: NDArray[np.integer[Any]],
    others: NDArray[np.integer[Any]],
    *,
    classes: int,
) -> Comparison:
    """Two models' answers [N] to the same texts, as label numbers."""
    right_N, other_right_N = answers == truth, others == truth
    cells_KT, counts_K = np.unique(np.stack([truth, answers, others], axis=1), axis=0, return_counts=True)
    truth_K, answer_K, other_K = cells_KT.T
    drawn_RK = np.concatenate([counts_K[None, :].astype(np.float64), _drawn(counts_K)])  # the first row is as it was
    leads_R = _macro(*_f1(drawn_RK, truth_K, answer_K, classes=classes))
    leads_R = leads_R - _macro(*_f1(drawn_RK, truth_K, other_K, classes=classes))
    accuracy_leads_R = drawn_RK @ ((answer_K == truth_K).astype(float) - (other_K == truth_K)) / len(truth)
    p_value = mcnemar_p_value(right_N.tolist(), other_right_N.tolist())
    return Comparison(
        texts=len(truth),
        accuracy=float(right_N.mean()),
        other_accuracy=float(other_right_N.mean()),
        accuracy_lead_interval=interval(accuracy_leads_R[1:]),
        macro_f1_lead=float(leads_R[0]),
        macro_f1_lead_interval=interval(leads_R[1:]),
        only_this=int((right_N & ~other_right_N).sum()),
        only_other=int((other_right_N & ~right_N).sum()),
        p_value=p_value,
        distinguishable=p_value <= _SIGNIFICANCE,
    )


def _drawn(counts_K: NDArray[np.int64]) -> Floats:
    """How often each cell comes up in as many texts as there are, again and again [R, K]."""
    texts = int(counts_K.sum())
    return np.random.default_rng(_SEED).multinomial(texts, counts_K / texts, size=DRAWS).astype(np.float64)


def _f1(cells_RK: Floats, truth_K: Answers, answer_K: Answers, *, classes: int) -> tuple[Floats, NDArray[np.bool_]]:
    """F1 of each label [R, C] as 2 TP / (2 TP + FP + FN), 0 where nothing is, and whether it has texts."""
    is_truth_KC, is_answer_KC = np.eye(classes)[truth_K], np.eye(classes)[answer_K]
    support_RC = cells_RK @ is_truth_KC
    either_RC = support_RC + cells_RK @ is_answer_KC
    right_RC = cells_RK @ (is_truth_KC * is_answer_KC)
    return 2 * right_RC / np.maximum(either_RC, 1), support_RC > 0


def _macro(scores_RC: Floats, present_RC: NDArray[np.bool_]) -> Floats:
    """Mean over the labels that have texts."""
    macro: Floats = (scores_RC * present_RC).sum(axis=1) / present_RC.sum(axis=1)
    return macro
