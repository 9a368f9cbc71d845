"""Whether a probability is the share that is right, and the one number that makes it so (Guo et al. 2017)."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from wenlu.evaluation.bootstrap import Floats, drawn, draws_for, interval

_BINS = 15  # as in the paper, so that figures can be compared
_COLDEST, _HOTTEST = 0.02, 50.0
_HALVINGS = 60
# Fewer texts than this say next to nothing of how sure a model may be.
_LEAST_TEXTS = 20


class Bin(msgspec.Struct, frozen=True):
    """Answers of about the same probability: how many, the mean of it, and the share that is right."""

    texts: int
    confidence: float
    accuracy: float


class Calibration(msgspec.Struct, frozen=True):
    """`error` is the expected calibration error: how far probability and share lie apart, on average over answers.

    `before` is what it would be without the `temperature`. Intervals hold 95 %. `bins` with no text are left out.
    """

    error: float
    error_interval: tuple[float, float]
    before: float
    before_interval: tuple[float, float]
    temperature: float
    bins: tuple[Bin, ...]


def calibration(
    truth: NDArray[np.integer[Any]], probabilities: NDArray[np.floating[Any]], *, temperature: float = 1.0
) -> Calibration:
    """How far the probabilities [N, C], which have a temperature in them, can be taken at their word."""
    confidence_N, right_N = _answers(truth, probabilities)
    error, error_interval = _expected_error(confidence_N, right_N)
    before, before_interval = error, error_interval
    if temperature != 1.0:
        before, before_interval = _expected_error(*_answers(truth, without_temperature(probabilities, temperature)))
    return Calibration(error, error_interval, before, before_interval, temperature, _bins(confidence_N, right_N))


def fit_temperature(logits: NDArray[np.floating[Any]], truth: NDArray[np.integer[Any]]) -> float:
    """The temperature by which logits [N, C] are divided to make the labels `truth` [N] the likeliest.

    The likelihood has one maximum, found by halving where it rises from where it falls. Each true label counts
    (N + 1) / (N + 2), the others share the rest (Platt 1999): where no answer is wrong the temperature stays finite.
    1.0 for fewer than 20 texts, and where logits are no numbers.
    """
    logits_NC = np.asarray(logits, dtype=np.float64)
    texts, classes = logits_NC.shape
    if texts < _LEAST_TEXTS or not np.isfinite(logits_NC).all():
        return 1.0
    target_NC = np.full(logits_NC.shape, 1 / (texts + 2) / (classes - 1))
    target_NC[np.arange(texts), truth] = (texts + 1) / (texts + 2)
    wanted = float((target_NC * logits_NC).sum())
    low, high = np.log(_COLDEST), np.log(_HOTTEST)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        # The slope of the likelihood by 1 / temperature; it falls as that grows.
        too_hot = wanted > float((_softmax(logits_NC / np.exp(middle)) * logits_NC).sum())
        low, high = (low, middle) if too_hot else (middle, high)
    return round(float(np.exp((low + high) / 2)), 6)


def without_temperature(probabilities: NDArray[np.floating[Any]], temperature: float) -> Floats:
    """What probabilities [N, C] would have been had the logits not been divided: each to that power, to a sum of 1."""
    return _softmax(temperature * np.log(np.maximum(np.asarray(probabilities, dtype=np.float64), 1e-300)))


def _softmax(logits_NC: Floats) -> Floats:
    exponentials_NC = np.exp(logits_NC - logits_NC.max(axis=1, keepdims=True))
    shares: Floats = exponentials_NC / exponentials_NC.sum(axis=1, keepdims=True)
    return shares


def _answers(truth: NDArray[Any], probabilities: NDArray[Any]) -> tuple[Floats, Floats]:
    """Of each text the probability of its answer, and 1 where it is right."""
    return probabilities.max(axis=1).astype(np.float64), (probabilities.argmax(axis=1) == truth).astype(np.float64)


def _bin_of(confidence_N: Floats) -> NDArray[np.intp]:
    """Bins of the same width, each with its upper end."""
    return np.clip(np.ceil(confidence_N * _BINS).astype(np.intp) - 1, 0, _BINS - 1)


def _expected_error(confidence_N: Floats, right_N: Floats) -> tuple[float, tuple[float, float]]:
    """ECE = Σ over bins |Σ of their texts (right - confidence)| / N.

    Texts drawn again are further from any line than texts are, so the drawn errors are too large by about as much as
    the error itself is: its interval is theirs, reflected at it (the basic bootstrap, Davison & Hinkley 1997, 5.2).
    """
    texts = len(right_N)
    gaps_NB = np.zeros((texts, _BINS))
    gaps_NB[np.arange(texts), _bin_of(confidence_N)] = right_N - confidence_N
    error = float(np.abs(gaps_NB.sum(axis=0)).sum() / texts)
    errors = drawn(lambda weights: np.abs(weights @ gaps_NB).sum(axis=1) / texts, texts, draws=draws_for(texts))
    low, high = interval(errors)
    return error, (max(0.0, min(error, 2 * error - high)), max(error, 2 * error - low))


def _bins(confidence_N: Floats, right_N: Floats) -> tuple[Bin, ...]:
    bin_N = _bin_of(confidence_N)
    sizes, sure, right = (np.bincount(bin_N, weights=of, minlength=_BINS) for of in (None, confidence_N, right_N))
    return tuple(
        Bin(int(size), float(sum_of / size), float(rights / size))
        for size, sum_of, rights in zip(sizes, sure, right, strict=True)
        if size
    )
