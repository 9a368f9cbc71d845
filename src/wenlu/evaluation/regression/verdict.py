"""What the numbers of a model of numbers mean: one sentence for a manager, findings for an engineer.

Every threshold stands here by name with its reason.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from wenlu.base.finding import HEALTHY
from wenlu.drawing.figures import count, percent
from wenlu.evaluation.found import Found, Remedies, worded
from wenlu.evaluation.regression.metrics import Metrics
from wenlu.evaluation.regression.words import WORDS, say, span, written
from wenlu.evaluation.verdict import UNDERTRAINING_IMPROVEMENT, Verdict

# An error on new texts that is a quarter larger than on the texts it learned from is usual for a model that was stopped
# early; beyond half as large again, most of what it knows of its training texts it has learned by heart.
OVERFITTING_RATIO = 1.5

# Of the error that always answering the mean makes, at least a tenth should be gone on its own training texts: less is
# no more than leaning a little to one side.
UNDERFITTING_SKILL = 0.10

# Two versions of a model typically differ by two to ten per cent of their error: a wider interval hides that.
INTERVAL_SHARE = 0.05


class Epoch(msgspec.Struct, frozen=True):
    """One pass over the training texts. RMSE is in the unit of the targets, the loss in that of the loss."""

    number: int
    train_loss: float
    train_rmse: float
    validation_loss: float
    validation_rmse: float
    seconds: float


History = tuple[Epoch, ...]


def judge(
    *,
    test: Metrics,
    validation: Metrics,
    train: Metrics,
    history: History,
    baseline: Metrics | None,
    remedies: Remedies | None = None,
) -> Verdict:
    """Say how a model stands. `baseline` is the simple model on validation, None if there is none or it is itself.

    `remedies` are what changes of the recipe can do; None where the model is none of the recipe's own.
    """
    case = _Case(test, validation, train, history, baseline)
    found = [one for check in _CHECKS if (one := check(case))] or [_healthy(case)]
    sentence = say(
        "verdict",
        mae=written(test.mae.value),
        texts=count(test.texts),
        interval=span(test.mae.interval),
        mean=written(test.mean_mae),
        pearson=f"{test.pearson.value:.3f}",
        clause=say(f"clause.{found[0].clause}", **found[0].values),
    )
    return Verdict(sentence, worded(found, WORDS, remedies))


def best_epoch(history: History) -> Epoch:
    """The epoch whose weights are kept: the lowest error on validation, then the first."""
    return min(history, key=lambda epoch: epoch.validation_rmse)


@dataclass(frozen=True, slots=True)
class _Case:
    test: Metrics
    validation: Metrics
    train: Metrics
    history: History
    baseline: Metrics | None


def _below_baseline(case: _Case) -> Found | None:
    if case.baseline is None or case.validation.rmse.value <= case.baseline.rmse.value:
        return None
    ours, theirs = case.validation.rmse.value, case.baseline.rmse.value
    values = {"validation": written(ours), "baseline": written(theirs)}
    return Found("below_baseline", "below_baseline", {"validation_rmse": ours, "baseline_rmse": theirs}, values)


def _underfitting(case: _Case) -> Found | None:
    """Hardly better than the mean on its own training texts, or no better than it on new ones."""
    train, validation = case.train, case.validation
    skill = 1 - train.rmse.value / train.mean_rmse if train.mean_rmse else 1.0
    evidence = {"train_rmse": train.rmse.value, "mean_rmse": train.mean_rmse, "learned_share": skill}
    if skill < UNDERFITTING_SKILL:
        values = {"train": written(train.rmse.value), "mean": written(train.mean_rmse)}
        return Found("underfitting", "underfitting", evidence, values)
    if validation.rmse.value < validation.mean_rmse:
        return None
    evidence = {"validation_rmse": validation.rmse.value, "mean_rmse": validation.mean_rmse}
    values = {"validation": written(validation.rmse.value), "mean": written(validation.mean_rmse)}
    return Found("underfitting", "underfitting.mean", evidence, values)


def _overfitting(case: _Case) -> Found | None:
    """A wide gap that chance can't explain: training error also lies outside validation's 95 % interval."""
    train, validation = case.train.rmse.value, case.validation.rmse.value
    if validation <= OVERFITTING_RATIO * train or train >= case.validation.rmse.low:
        return None
    values = {"train": written(train), "validation": written(validation)}
    return Found("overfitting", "overfitting", {"train_rmse": train, "validation_rmse": validation}, values)


def _undertraining(case: _Case) -> Found | None:
    """The best epoch is the last one, and its validation loss still fell. One epoch alone shows no direction."""
    if len(case.history) < 2 or best_epoch(case.history) != case.history[-1]:
        return None
    before, last = case.history[-2].validation_loss, case.history[-1].validation_loss
    if before - last <= UNDERTRAINING_IMPROVEMENT * before:
        return None
    evidence = {"epochs": float(len(case.history)), "loss_before": before, "loss_last": last}
    values = {"epoch": str(case.history[-1].number), "before": f"{before:.3f}", "last": f"{last:.3f}"}
    return Found("undertraining", "undertraining", evidence, values)


def _few_texts(case: _Case) -> Found | None:
    rmse = case.test.rmse
    half = (rmse.high - rmse.low) / 2
    if half <= INTERVAL_SHARE * rmse.value:
        return None
    # The width shrinks with the square root of the number of texts.
    needed = round(case.test.texts * (half / rmse.value / INTERVAL_SHARE) ** 2, -2)
    values = {
        "half": percent(half / rmse.value),
        "texts": count(case.test.texts),
        "needed": count(int(needed)),
        "wanted": percent(INTERVAL_SHARE),
    }
    return Found("few_texts", "few_texts", {"texts": float(case.test.texts), "half_share": half / rmse.value}, values)


def _healthy(case: _Case) -> Found:
    train, validation = case.train.rmse.value, case.validation.rmse.value
    values = {"train": written(train), "validation": written(validation)}
    return Found(HEALTHY, HEALTHY, {"train_rmse": train, "validation_rmse": validation}, values)


# The causes first: a model that a simpler one beats is ill of something. Few texts only blur the rest.
_CHECKS: tuple[Callable[[_Case], Found | None], ...] = (
    _undertraining,
    _underfitting,
    _overfitting,
    _below_baseline,
    _few_texts,
)
