"""What the numbers mean: one sentence for a manager, findings with evidence and advice for an engineer.

Every threshold stands here by name with its reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from wenlu.base.errors import WenluError
from wenlu.base.finding import HEALTHY, Finding
from wenlu.drawing.figures import count, percent, percent_range, points
from wenlu.evaluation import doubts as doubtful
from wenlu.evaluation.choose import SIGNIFICANCE
from wenlu.evaluation.curve import Curve, high_variance
from wenlu.evaluation.doubts import Doubts
from wenlu.evaluation.found import Found, Remedies, worded
from wenlu.evaluation.metrics import ClassMetrics, Metrics, wilson_interval
from wenlu.evaluation.words import WORDS, say

# A model always does a little better on texts it learned from; up to ten points is what early-stopped classifiers
# show on data they serve well. Beyond that, more than one answer in ten is remembered rather than understood.
OVERFITTING_GAP = 0.10

# Of what guessing the most frequent label leaves wrong, a model should get at least half right on its own training
# texts: 75 % for two equal labels, 56 % for nine. Relative to guessing, because 75 % is poor where guessing gives 74 %.
UNDERFITTING_SKILL = 0.5

# A last epoch that lowers validation loss by less than one in a hundred has levelled off; more is still a slope.
UNDERTRAINING_IMPROVEMENT = 0.01

# A model that gets all but one in a hundred of its training texts right has nothing left to learn from them, however
# its loss goes.
LEARNED = 0.99

# Where more than four of five texts share one label, accuracy hides whether the others are found at all.
MAJORITY_SHARE = 0.80

# A label found half as often as labels on average is neglected, whatever the accuracy says …
NEGLECTED_RECALL = 0.5
# … but among fewer than ten texts, recall moves by ten points and more with each.
NEGLECTED_SUPPORT = 10

# A label is rare that has less than half of the training texts it would have if all labels had as many. Under five
# unseen texts of it tell nothing of its recall.
RARE_SHARE, RARE_SUPPORT = 0.5, 5

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


_NO_DOUBTS = Doubts()


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
    shares: Mapping[str, float] | None = None,
    doubts: Doubts = _NO_DOUBTS,
    p_value: float = 0.0,
    curve: Curve = (),
    remedies: Remedies | None = None,
) -> Verdict:
    """The verdict on a model: pure, from numbers alone.

    `baseline` is the trivial model on validation, None where there is none or it is the model itself;
    `majority_share` is the most frequent label's share of the training texts, `shares` are those of all labels.
    `curve` is what fewer texts reached. `p_value` is that of the difference from the baseline. `remedies` are what
    changes of the recipe can do; None where the model is none of the recipe's own.
    Raises WenluError `bad_share` for a share outside 0 to 1.
    """
    if not 0 < majority_share <= 1:
        raise WenluError("bad_share", f"The majority's share should be above 0 and at most 1; it is {majority_share}.")
    case = _Case(test, validation, train, history, baseline, majority_share, shares or {}, doubts, p_value, curve)
    found = _first_of_each([one for check in _CHECKS if (one := check(case))]) or [_healthy(case)]
    return Verdict(_main_sentence(test, found[0]), worded(found, WORDS, remedies))


def _first_of_each(found: Sequence[Found]) -> list[Found]:
    """One finding a code, the gravest."""
    first: dict[str, Found] = {}
    for one in found:
        first.setdefault(one.code, one)
    return list(first.values())


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
    shares: Mapping[str, float] = field(default_factory=dict)
    doubts: Doubts = _NO_DOUBTS
    p_value: float = 0.0
    curve: Curve = ()


def _below_baseline(case: _Case) -> Found | None:
    """Worse than the simple model, by more than chance makes of two equal ones."""
    if case.baseline is None or case.validation.accuracy >= case.baseline.accuracy or case.p_value > SIGNIFICANCE:
        return None
    ours, theirs = case.validation.accuracy, case.baseline.accuracy
    return Found(
        "below_baseline",
        "below_baseline",
        {"validation_accuracy": ours, "baseline_accuracy": theirs},
        {"validation": percent(ours), "baseline": percent(theirs), "gap": points(theirs - ours)},
    )


def _underfitting(case: _Case) -> Found | None:
    """Poor on its own training texts: less than half way from guessing to perfect, or worse than the baseline is on
    unseen ones by more than chance explains."""
    train, majority = case.train.accuracy, case.majority_share
    skill = (train - majority) / (1 - majority) if majority < 1 else 1.0
    evidence = {"train_accuracy": train, "majority_share": majority, "learned_share": skill}
    if skill < UNDERFITTING_SKILL:
        return Found("underfitting", "underfitting", evidence, {"train": percent(train), "guess": percent(majority)})
    if case.baseline is None or case.train.accuracy_interval[1] >= case.baseline.accuracy_interval[0]:
        return None
    evidence["baseline_accuracy"] = case.baseline.accuracy
    values = {"train": percent(train), "baseline": percent(case.baseline.accuracy)}
    return Found("underfitting", "underfitting.baseline", evidence, values)


def _poor_for_lack_of_training(case: _Case) -> Found | None:
    """Poor on its own training texts, but still improving: the first cause to be tried."""
    return _undertraining(case) if _underfitting(case) else None


def _overfitting(case: _Case) -> Found | None:
    """A wide gap that chance can't explain: training accuracy also lies outside validation's 95 % interval."""
    train, validation = case.train.accuracy, case.validation.accuracy
    gap = train - validation
    if gap <= OVERFITTING_GAP or train <= case.validation.accuracy_interval[1]:
        return None
    evidence = {"train_accuracy": train, "validation_accuracy": validation, "gap": gap}
    values = {"train": percent(train), "validation": percent(validation), "gap": points(gap)}
    since = _rising_since(case.history)
    if since is None:
        return Found("overfitting", "overfitting", evidence, values)
    evidence["since_epoch"] = float(since)
    return Found("overfitting", "overfitting.rising", evidence, {**values, "since": str(since)})


def _rising_since(history: History) -> int | None:
    """The first epoch after the lowest validation loss; None if the lowest is the last."""
    if not history:
        return None
    lowest = min(range(len(history)), key=lambda index: history[index].validation_loss)
    return history[lowest + 1].number if lowest + 1 < len(history) else None


def _undertraining(case: _Case) -> Found | None:
    """The best epoch is the last one, its validation loss still fell, and there was something left to learn.

    One epoch alone shows no direction.
    """
    ended = len(case.history) < 2 or best_epoch(case.history) != case.history[-1]
    if ended or case.train.accuracy >= LEARNED:
        return None
    before, last = case.history[-2].validation_loss, case.history[-1].validation_loss
    if before - last <= UNDERTRAINING_IMPROVEMENT * before:
        return None
    evidence = {"epochs": float(len(case.history)), "loss_before": before, "loss_last": last}
    values = {"epoch": str(case.history[-1].number), "before": f"{before:.3f}", "last": f"{last:.3f}"}
    return Found("undertraining", "undertraining", evidence, values)


def _rare_labels(case: _Case) -> Found | None:
    """A label of few training texts is found much more seldom than those of many, in validation and test together."""
    labels = _recalls(case)
    common = [one.recall for one in labels if one.support and not _rare(one, case.shares)]
    rare = [one for one in labels if one.support >= RARE_SUPPORT and _rare(one, case.shares)]
    if not common or not rare:
        return None
    usual = sum(common) / len(common)
    worst = min(rare, key=_recall)
    highest = wilson_interval(round(worst.recall * worst.support), worst.support)[1]
    if worst.recall >= NEGLECTED_RECALL * usual or highest >= usual:
        return None
    share = case.shares[worst.label]
    evidence = {"label_share": share, "lowest_recall": worst.recall, "common_recall": usual}
    values = {
        "label": worst.label,
        "share": percent(share),
        "recall": percent(worst.recall),
        "texts": count(worst.support),
        "common": percent(usual),
    }
    return Found("imbalance", "imbalance.rare", evidence, values)


def _rare(one: ClassMetrics, shares: Mapping[str, float]) -> bool:
    return one.label in shares and shares[one.label] < RARE_SHARE / len(shares)


def _recalls(case: _Case) -> list[ClassMetrics]:
    """Recall and support of each label over the unseen texts of both splits."""
    both = zip(case.validation.per_class, case.test.per_class, strict=True)
    return [_over(one, other) for one, other in both]


def _over(one: ClassMetrics, other: ClassMetrics) -> ClassMetrics:
    support = one.support + other.support
    found = one.recall * one.support + other.recall * other.support
    return msgspec.structs.replace(one, support=support, recall=found / support if support else 0.0)


def _imbalance(case: _Case) -> Found | None:
    present = [one for one in case.test.per_class if one.support]
    average = sum(one.recall for one in present) / len(present)
    worst = min((one for one in present if one.support >= NEGLECTED_SUPPORT), key=_recall, default=None)
    evidence = {"majority_share": case.majority_share, "average_recall": average}
    if worst is not None and worst.recall < NEGLECTED_RECALL * average:
        evidence["lowest_recall"] = worst.recall
        values = {"label": worst.label, "recall": percent(worst.recall), "average": percent(average)}
        return Found("imbalance", "imbalance.label", evidence, values)
    if case.majority_share > MAJORITY_SHARE:
        return Found("imbalance", "imbalance.majority", evidence, {"majority": percent(case.majority_share)})
    return None


def _recall(one: ClassMetrics) -> float:
    return one.recall


def _few_texts(case: _Case) -> Found | None:
    low, high = case.test.accuracy_interval
    half = (high - low) / 2
    if half <= INTERVAL_HALF_WIDTH:
        return None
    # The width shrinks with the square root of the number of texts.
    needed = round(case.test.texts * (half / INTERVAL_HALF_WIDTH) ** 2, -2)
    return Found(
        "few_texts",
        "few_texts",
        {"texts": float(case.test.texts), "half_width": half},
        {"half": points(half), "texts": count(case.test.texts), "needed": count(int(needed))},
    )


def _healthy(case: _Case) -> Found:
    train, validation = case.train.accuracy, case.validation.accuracy
    return Found(
        HEALTHY,
        HEALTHY,
        {"train_accuracy": train, "validation_accuracy": validation},
        {"train": percent(train), "validation": percent(validation)},
    )


# The causes first: no figure can be trusted where texts have leaked, wrong labels look like every other fault, and one
# model that a simpler one beats is ill of something. Few texts only blur the rest.
_CHECKS: tuple[Callable[[_Case], Found | None], ...] = (
    lambda case: doubtful.leak(case.doubts),
    lambda case: doubtful.giveaway(case.doubts),
    lambda case: doubtful.label_noise(case.doubts),
    _rare_labels,
    _poor_for_lack_of_training,
    _underfitting,
    _overfitting,
    lambda case: high_variance(case.curve, train=case.train, validation=case.validation),
    _undertraining,
    _below_baseline,
    _imbalance,
    _few_texts,
)


def _main_sentence(test: Metrics, gravest: Found) -> str:
    return say(
        "verdict",
        accuracy=percent(test.accuracy),
        texts=count(test.texts),
        interval=percent_range(*test.accuracy_interval),
        clause=say(f"clause.{gravest.clause}", **gravest.values),
    )
