"""The numbers that say how good a classifier is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from wenlu.base.errors import WenluError

# A probability of exactly 0 for the true label would make one mistake infinitely bad.
_LEAST_PROBABILITY = 1e-15
# float32 softmax rows differ from 1 by about 1e-6; logits handed in by mistake differ by far more.
_SUM_TOLERANCE = 1e-3
_Z_95 = 1.959963984540054  # standard normal quantile of 97.5 %


class ClassMetrics(msgspec.Struct, frozen=True):
    """One label's share of the picture. Precision of a label never answered, and recall of one without texts, are 0."""

    label: str
    precision: float
    recall: float
    f1: float
    support: int


class Metrics(msgspec.Struct, frozen=True):
    """A classifier on one set of texts.

    `confusion` has a row for each true label and a column for each answer, in the order of `per_class`.
    `macro_f1` is the mean over the labels that have texts in this set. `accuracy_interval` holds 95 %.
    """

    texts: int
    accuracy: float
    macro_f1: float
    per_class: tuple[ClassMetrics, ...]
    confusion: tuple[tuple[int, ...], ...]
    log_loss: float
    accuracy_interval: tuple[float, float]


def measure(
    *, labels: Sequence[str], truth: NDArray[np.integer[Any]], probabilities: NDArray[np.floating[Any]]
) -> Metrics:
    """Metrics of `probabilities` [N, C] against the label numbers `truth` [N]; the answer is the largest of a row.

    Raises WenluError `no_texts`, `bad_labels` or `bad_predictions` where the arrays can't be what they should be.
    """
    truth_N, probabilities_NC = np.asarray(truth), np.asarray(probabilities)
    _check(labels, truth_N, probabilities_NC)
    confusion_CC = _confusion(truth_N, probabilities_NC.argmax(1), classes=len(labels))
    per_class = tuple(_class_metrics(label, confusion_CC, number) for number, label in enumerate(labels))
    right, texts = int(np.trace(confusion_CC)), len(truth_N)
    return Metrics(
        texts=texts,
        accuracy=right / texts,
        macro_f1=_macro_f1(per_class),
        per_class=per_class,
        confusion=tuple(tuple(int(cell) for cell in row) for row in confusion_CC),
        log_loss=_log_loss(truth_N, probabilities_NC),
        accuracy_interval=wilson_interval(right, texts),
    )


def wilson_interval(right: int, texts: int) -> tuple[float, float]:
    """95 % score interval of a share (Wilson 1927): stays within 0 and 1 and holds for few texts and high shares.

    (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n)
    """
    share, z2 = right / texts, _Z_95**2
    centre = share + z2 / (2 * texts)
    half = _Z_95 * math.sqrt(share * (1 - share) / texts + z2 / (4 * texts**2))
    scale = 1 + z2 / texts
    # All or none right reach the end exactly; in floats they would miss it by a hair.
    low = 0.0 if right == 0 else (centre - half) / scale
    high = 1.0 if right == texts else (centre + half) / scale
    return low, high


def _confusion(truth_N: NDArray[Any], answers_N: NDArray[Any], *, classes: int) -> NDArray[np.int64]:
    cells = np.bincount(truth_N.astype(np.int64) * classes + answers_N, minlength=classes * classes)
    return cells.reshape(classes, classes).astype(np.int64)


def _class_metrics(label: str, confusion_CC: NDArray[np.int64], number: int) -> ClassMetrics:
    """Precision TP / (TP + FP), recall TP / (TP + FN), F1 their harmonic mean 2 TP / (2 TP + FP + FN)."""
    right = int(confusion_CC[number, number])
    answered, support = int(confusion_CC[:, number].sum()), int(confusion_CC[number].sum())
    return ClassMetrics(
        label=label,
        precision=_ratio(right, answered),
        recall=_ratio(right, support),
        f1=_ratio(2 * right, answered + support),
        support=support,
    )


def _macro_f1(per_class: Sequence[ClassMetrics]) -> float:
    """Mean over labels with texts: one that can't be found here says nothing about the classifier."""
    present = [one.f1 for one in per_class if one.support]
    return math.fsum(present) / len(present)


def _log_loss(truth_N: NDArray[Any], probabilities_NC: NDArray[Any]) -> float:
    """Mean of -ln(probability of the true label), in nats."""
    of_truth = probabilities_NC[np.arange(len(truth_N)), truth_N].astype(np.float64)
    return float(-np.log(of_truth.clip(_LEAST_PROBABILITY, 1.0)).mean())


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _check(labels: Sequence[str], truth_N: NDArray[Any], probabilities_NC: NDArray[Any]) -> None:
    if len(labels) < 2 or len(set(labels)) != len(labels):
        raise WenluError("bad_labels", f"A classifier has at least two different labels; these are {list(labels)}.")
    if truth_N.shape[:1] == (0,):
        raise WenluError("no_texts", "There is no text to measure on.", hint="Give the split at least one text.")
    if truth_N.ndim != 1 or probabilities_NC.shape != (len(truth_N), len(labels)):
        raise _bad_predictions(
            f"truth has shape {truth_N.shape} and probabilities {probabilities_NC.shape}, "
            f"but [N] and [N, {len(labels)}] are needed for {len(labels)} labels"
        )
    if truth_N.dtype.kind not in "iu" or truth_N.min() < 0 or truth_N.max() >= len(labels):
        raise _bad_predictions(f"truth should hold label numbers from 0 to {len(labels) - 1}")
    _check_probabilities(probabilities_NC)


def _check_probabilities(probabilities_NC: NDArray[Any]) -> None:
    broken = np.flatnonzero(~np.isfinite(probabilities_NC).all(1))
    if broken.size:
        raise _bad_predictions(
            f"{broken.size:,} texts have a probability that is no number, the first is text {broken[0]}"
        )
    sums_N = probabilities_NC.sum(1, dtype=np.float64)
    if (probabilities_NC < 0).any() or (np.abs(sums_N - 1) > _SUM_TOLERANCE).any():
        raise _bad_predictions("the probabilities of a text should be 0 or more and add up to 1; are these logits?")


def _bad_predictions(problem: str) -> WenluError:
    return WenluError("bad_predictions", f"These predictions can't be measured: {problem}.")
