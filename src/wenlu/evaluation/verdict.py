"""What the numbers mean: one sentence for a manager, findings with evidence and advice for an engineer.

Every threshold stands here by name with its reason.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from wenlu.base.errors import WenluError
from wenlu.base.finding import HEALTHY, Finding
from wenlu.drawing.figures import count, percent, percent_range, points
from wenlu.evaluation.metrics import ClassMetrics, Metrics
from wenlu.evaluation.words import say

# A model always does a little better on texts it learned from; up to ten points is what early-stopped classifiers
# show on data they serve well. Beyond that, more than one answer in ten is remembered rather than understood.
OVERFITTING_GAP = 0.10

# Of what guessing the most frequent label leaves wrong, a model should get at least half right on its own training
# texts: 75 % for two equal labels, 56 % for nine. Relative to guessing, because 75 % is poor where guessing gives 74 %.
UNDERFITTING_SKILL = 0.5

# A last epoch that lowers validation loss by less than one in a hundred has levelled off; more is still a slope.
UNDERTRAINING_IMPROVEMENT = 0.01

# Where more than four of five texts share one label, accuracy hides whether the others are found at all.
MAJORITY_SHARE = 0.80

# A label found half as often as labels on average is neglected, whatever the accuracy says …
NEGLECTED_RECALL = 0.5
# … but among fewer than ten texts, recall moves by ten points and more with each.
NEGLECTED_SUPPORT = 10

# Two versions of a model typically differ by one to five points: an interval wider than ±3 can't tell them apart.
INTERVAL_HALF_WIDTH = 0.03


class Epoch(msgspec.Struct, frozen=True):
    """One pass over the training texts. `number` counts from 1; training loss and accuracy are means over the pass."""

    number: int
    train_loss: float
    train_accuracy: float
    validation_loss: float
    validation_accuracy: float
    seconds: float


History = tuple[Epoch, ...]


class Verdict(msgspec.Struct, frozen=True):
    """`sentence` for who decides, `findings` for who acts: the gravest first, `healthy` where there is nothing else."""

    sentence: str
    findings: tuple[Finding, ...]


def judge(
    *,
    test: Metrics,
    validation: Metrics,
    train: Metrics,
    history: History,
    baseline: Metrics | None,
    majority_share: float,
) -> Verdict:
    """The verdict on a model: pure, from numbers alone.

    `baseline` is the trivial model on validation, None where there is none or it is the model itself;
    `majority_share` is the most frequent label's share of the training texts.
    Raises WenluError `bad_share` for a share outside 0 to 1.
    """
    if not 0 < majority_share <= 1:
        raise WenluError("bad_share", f"The majority's share should be above 0 and at most 1; it is {majority_share}.")
    case = _Case(test, validation, train, history, baseline, majority_share)
    found = [one for check in _CHECKS if (one := check(case))] or [_healthy(case)]
    return Verdict(_main_sentence(test, found[0]), tuple(_finding(one) for one in found))


def best_epoch(history: History) -> Epoch:
    """The epoch whose weights are kept: highest validation accuracy, then lowest validation loss, then the first."""
    return max(history, key=lambda epoch: (epoch.validation_accuracy, -epoch.validation_loss))


@dataclass(frozen=True, slots=True)
class _Case:
    test: Metrics
    validation: Metrics
    train: Metrics
    history: History
    baseline: Metrics | None
    majority_share: float


@dataclass(frozen=True, slots=True)
class _Found:
    """A finding before it is put into words. `clause` is the key of its wording, `values` fill it."""

    code: str
    clause: str
    evidence: dict[str, float]
    values: dict[str, str]


def _below_baseline(case: _Case) -> _Found | None:
    if case.baseline is None or case.validation.accuracy >= case.baseline.accuracy:
        return None
    ours, theirs = case.validation.accuracy, case.baseline.accuracy
    return _Found(
        "below_baseline",
        "below_baseline",
        {"validation_accuracy": ours, "baseline_accuracy": theirs},
        {"validation": percent(ours), "baseline": percent(theirs), "gap": points(theirs - ours)},
    )


def _underfitting(case: _Case) -> _Found | None:
    """Poor on its own training texts: less than half way from guessing to perfect, or under the baseline's unseen."""
    train, majority = case.train.accuracy, case.majority_share
    skill = (train - majority) / (1 - majority) if majority < 1 else 1.0
    evidence = {"train_accuracy": train, "majority_share": majority, "learned_share": skill}
    if skill < UNDERFITTING_SKILL:
        return _Found("underfitting", "underfitting", evidence, {"train": percent(train), "guess": percent(majority)})
    if case.baseline is None or train >= case.baseline.accuracy:
        return None
    evidence["baseline_accuracy"] = case.baseline.accuracy
    values = {"train": percent(train), "baseline": percent(case.baseline.accuracy)}
    return _Found("underfitting", "underfitting.baseline", evidence, values)


def _overfitting(case: _Case) -> _Found | None:
    """A wide gap that chance can't explain: training accuracy also lies outside validation's 95 % interval."""
    train, validation = case.train.accuracy, case.validation.accuracy
    gap = train - validation
    if gap <= OVERFITTING_GAP or train <= case.validation.accuracy_interval[1]:
        return None
    evidence = {"train_accuracy": train, "validation_accuracy": validation, "gap": gap}
    values = {"train": percent(train), "validation": percent(validation), "gap": points(gap)}
    since = _rising_since(case.history)
    if since is None:
        return _Found("overfitting", "overfitting", evidence, values)
    evidence["since_epoch"] = float(since)
    return _Found("overfitting", "overfitting.rising", evidence, {**values, "since": str(since)})


def _rising_since(history: History) -> int | None:
    """The first epoch after the lowest validation loss; None if the lowest is the last."""
    if not history:
        return None
    lowest = min(range(len(history)), key=lambda index: history[index].validation_loss)
    return history[lowest + 1].number if lowest + 1 < len(history) else None


def _undertraining(case: _Case) -> _Found | None:
    """The best epoch is the last one, and its validation loss still fell. One epoch alone shows no direction."""
    if len(case.history) < 2 or best_epoch(case.history) != case.history[-1]:
        return None
    before, last = case.history[-2].validation_loss, case.history[-1].validation_loss
    if before - last <= UNDERTRAINING_IMPROVEMENT * before:
        return None
    evidence = {"epochs": float(len(case.history)), "loss_before": before, "loss_last": last}
    values = {"epoch": str(case.history[-1].number), "before": f"{before:.3f}", "last": f"{last:.3f}"}
    return _Found("undertraining", "undertraining", evidence, values)


def _imbalance(case: _Case) -> _Found | None:
    present = [one for one in case.test.per_class if one.support]
    average = sum(one.recall for one in present) / len(present)
    worst = min((one for one in present if one.support >= NEGLECTED_SUPPORT), key=_recall, default=None)
    evidence = {"majority_share": case.majority_share, "average_recall": average}
    if worst is not None and worst.recall < NEGLECTED_RECALL * average:
        evidence["lowest_recall"] = worst.recall
        values = {"label": worst.label, "recall": percent(worst.recall), "average": percent(average)}
        return _Found("imbalance", "imbalance.label", evidence, values)
    if case.majority_share > MAJORITY_SHARE:
        return _Found("imbalance", "imbalance.majority", evidence, {"majority": percent(case.majority_share)})
    return None


def _recall(one: ClassMetrics) -> float:
    return one.recall


def _few_texts(case: _Case) -> _Found | None:
    low, high = case.test.accuracy_interval
    half = (high - low) / 2
    if half <= INTERVAL_HALF_WIDTH:
        return None
    # The width shrinks with the square root of the number of texts.
    needed = round(case.test.texts * (half / INTERVAL_HALF_WIDTH) ** 2, -2)
    return _Found(
        "few_texts",
        "few_texts",
        {"texts": float(case.test.texts), "half_width": half},
        {"half": points(half), "texts": count(case.test.texts), "needed": count(int(needed))},
    )


def _healthy(case: _Case) -> _Found:
    train, validation = case.train.accuracy, case.validation.accuracy
    return _Found(
        HEALTHY,
        HEALTHY,
        {"train_accuracy": train, "validation_accuracy": validation},
        {"train": percent(train), "validation": percent(validation)},
    )


# The gravest first: a model that a simpler one beats need not be repaired, and few texts only blur the rest.
_CHECKS: tuple[Callable[[_Case], _Found | None], ...] = (
    _below_baseline,
    _underfitting,
    _overfitting,
    _undertraining,
    _imbalance,
    _few_texts,
)


def _main_sentence(test: Metrics, gravest: _Found) -> str:
    return say(
        "verdict",
        accuracy=percent(test.accuracy),
        texts=count(test.texts),
        interval=percent_range(*test.accuracy_interval),
        clause=say(f"clause.{gravest.clause}", **gravest.values),
    )


def _finding(found: _Found) -> Finding:
    clause = say(f"clause.{found.clause}", **found.values)
    return Finding(
        code=found.code,
        sentence=say("finding", clause=clause[:1].upper() + clause[1:]),
        evidence=found.evidence,
        advice=say(f"advice.{found.code}", **found.values),
    )
