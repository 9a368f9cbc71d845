"""The numbers that say how good a model of numbers is, each with its 95 % interval."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from wenlu.base.errors import WenluError
from wenlu.evaluation.bootstrap import Floats, drawn, interval


class Figure(msgspec.Struct, frozen=True):
    """A figure and the interval that holds 95 % of what other texts of the same kind would give. A figure that can't
    be told (a correlation with a constant) is 0, and so is its interval."""

    value: float
    low: float
    high: float

    @property
    def interval(self) -> tuple[float, float]:
        return self.low, self.high


class Metrics(msgspec.Struct, frozen=True):
    """A model of numbers on one set of texts. `mean_rmse` and `mean_mae` are those of always answering the mean of the
    training texts."""

    texts: int
    pearson: Figure
    spearman: Figure
    rmse: Figure
    mae: Figure
    r2: Figure
    mean_rmse: float
    mean_mae: float


def measure(*, truth: NDArray[np.floating[Any]], answers: NDArray[np.floating[Any]], mean: float) -> Metrics:
    """Metrics of `answers` [N] against `truth` [N]; `mean` is that of the training targets.

    Raises WenluError `no_texts`, or `bad_predictions` where the arrays can't be what they should be.
    """
    truth_N, answers_N = np.asarray(truth, dtype=np.float64), np.asarray(answers, dtype=np.float64)
    _check(truth_N, answers_N)
    figures = _Figures(truth_N, answers_N)
    found = figures(np.ones((1, len(truth_N))))[0]
    draws = drawn(figures, len(truth_N))
    pearson, spearman, rmse, mae, r2 = (_figure(float(found[k]), draws[:, k]) for k in range(len(found)))
    return Metrics(
        texts=len(truth_N),
        pearson=pearson,
        spearman=spearman,
        rmse=rmse,
        mae=mae,
        r2=r2,
        mean_rmse=float(np.sqrt(np.square(truth_N - mean).mean())),
        mean_mae=float(np.abs(truth_N - mean).mean()),
    )


class _Figures:
    """Pearson, Spearman, RMSE, MAE and R² [R, 5] of weighted texts."""

    def __init__(self, truth_N: Floats, answers_N: Floats) -> None:
        # About zero, so that squares of large numbers that differ little don't eat the difference.
        x, y = truth_N - truth_N.mean(), answers_N - truth_N.mean()
        error = answers_N - truth_N
        self._sums_NK = np.stack([x, y, x * x, y * y, x * y, np.square(error), np.abs(error)], axis=1)
        self._ranks = _Ranks(truth_N), _Ranks(answers_N)

    def __call__(self, weights_RN: Floats) -> Floats:
        texts = weights_RN.shape[1]
        x, y, xx, yy, xy, squares, absolute = (weights_RN @ self._sums_NK / texts).T
        spread = xx - x * x
        with np.errstate(divide="ignore", invalid="ignore"):
            pearson = _correlation(x, y, xx, yy, xy)
            r2 = np.where(spread > 0, 1 - squares / spread, np.nan)
        return np.stack([pearson, self._spearman(weights_RN), np.sqrt(squares), absolute, r2], axis=1)

    def _spearman(self, weights_RN: Floats) -> Floats:
        """Pearson's correlation of the ranks that the texts have in each draw."""
        texts = weights_RN.shape[1]
        x_RN, y_RN = (ranks(weights_RN) / texts for ranks in self._ranks)
        moments = (x_RN, y_RN, x_RN * x_RN, y_RN * y_RN, x_RN * y_RN)
        with np.errstate(divide="ignore", invalid="ignore"):
            return _correlation(*((weights_RN * moment).sum(1) / texts for moment in moments))


class _Ranks:
    """Ranks of numbers among drawn texts; equal numbers share the average of their ranks."""

    def __init__(self, numbers_N: Floats) -> None:
        self._order = np.argsort(numbers_N, kind="stable")
        ordered = numbers_N[self._order]
        starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
        group = np.zeros(len(numbers_N), dtype=np.int64)
        group[starts[1:]] = 1
        self._starts = starts
        self._group_of = np.empty(len(numbers_N), dtype=np.int64)
        self._group_of[self._order] = np.cumsum(group)

    def __call__(self, weights_RN: Floats) -> Floats:
        """Of the numbers drawn `weights_RN` times [R, N], counted from 1."""
        sizes_RG = np.add.reduceat(weights_RN[:, self._order], self._starts, axis=1)
        middle_RG = np.cumsum(sizes_RG, axis=1) - (sizes_RG - 1) / 2
        ranks_RN: Floats = middle_RG[:, self._group_of]
        return ranks_RN


def _correlation(x: Floats, y: Floats, xx: Floats, yy: Floats, xy: Floats) -> Floats:
    """From means; NaN where one of the two does not vary."""
    spread = (xx - x * x) * (yy - y * y)
    negligible = 1e-12 * xx * yy  # rounding of a constant
    found: Floats = np.where(spread > negligible, np.clip((xy - x * y) / np.sqrt(spread), -1, 1), np.nan)
    return found


def _figure(value: float, draws: Floats) -> Figure:
    low, high = interval(draws)
    return Figure(value, low, high) if np.isfinite([value, low, high]).all() else Figure(0.0, 0.0, 0.0)


def _check(truth_N: Floats, answers_N: Floats) -> None:
    if not truth_N.size:
        raise WenluError("no_texts", "There is no text to measure on.", hint="Give the split at least one text.")
    problem = ""
    if truth_N.ndim != 1 or truth_N.shape != answers_N.shape:
        problem = f"truth has shape {truth_N.shape} and answers {answers_N.shape}, but both should be [N]"
    elif not (np.isfinite(truth_N).all() and np.isfinite(answers_N).all()):
        problem = "some are no finite number"
    if problem:
        raise WenluError("bad_predictions", f"These predictions can't be measured: {problem}.")
