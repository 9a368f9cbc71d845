"""What the numbers of a model from text to text mean: one sentence for a manager, findings for an engineer.

Every threshold stands here by name with its reason.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from wenlu.base.finding import HEALTHY, Finding
from wenlu.drawing.figures import count, percent, percent_range, points
from wenlu.evaluation.seq2seq.facts import Judged, PairEpoch
from wenlu.evaluation.seq2seq.measures import Figure
from wenlu.evaluation.seq2seq.words import say
from wenlu.evaluation.verdict import UNDERTRAINING_IMPROVEMENT, Verdict

# A token that is a quarter harder to foretell in new pairs than in those it learned from is past what chance does: the
# model begins to learn its pairs by heart.
OVERFITTING_RATIO = 1.25

# One answer in twenty that never ends is what users notice first.
UNENDED_SHARE = 0.05

# Of its four-character runs, a text by people repeats one in some tens. Three times as many is what readers notice.
REPETITION_RATIO, REPETITION_LEAST = 3.0, 0.05


def judge(judged: Judged, history: Sequence[PairEpoch]) -> Verdict:
    """The verdict on a model from text to text: pure, from numbers alone."""
    case = _Case(judged, history)
    found = [one for check in _CHECKS if (one := check(case))] or [_healthy(case)]
    own, beside = judged.own, "beside" if judged.rival else "alone"
    rival = judged.trivial.get(judged.rival, own)
    sentence = say(
        f"verdict.{beside}",
        answers=count(judged.answers),
        rouge=percent(own.rouge_l.value),
        interval=span(own.rouge_l),
        chrf=percent(own.chrf.value),
        exact=percent(own.exact.value),
        trivial=say(f"trivial.{judged.rival}") if judged.rival else "",
        rival=percent(rival.rouge_l.value),
        clause=say(f"clause.{found[0].code}", **found[0].values),
    )
    return Verdict(sentence, tuple(map(_finding, found)))


def span(figure: Figure) -> str:
    """
    >>> span(Figure(0.4, 0.381, 0.422))
    '38.1–42.2 %'
    """
    return percent_range(figure.low, figure.high)


@dataclass(frozen=True, slots=True)
class _Case:
    judged: Judged
    history: Sequence[PairEpoch]


@dataclass(frozen=True, slots=True)
class _Found:
    code: str
    evidence: dict[str, float]
    values: dict[str, str]


def _against_the_trivial(case: _Case) -> _Found | None:
    ahead = case.judged.ahead
    if ahead is None or ahead.rouge_l.low > 0:
        return None
    code = "below_baseline" if ahead.rouge_l.high < 0 else "same_as_baseline"
    theirs = case.judged.trivial[case.judged.rival].rouge_l.value
    values = {"gap": points(ahead.rouge_l.value), "trivial": say(f"trivial.{case.judged.rival}")}
    return _Found(code, {"rouge_l": case.judged.own.rouge_l.value, "trivial_rouge_l": theirs}, values)


def _overfitting(case: _Case) -> _Found | None:
    """A gap that chance can't explain: training's perplexity also lies outside validation's 95 % interval."""
    train, validation = case.judged.train.perplexity, case.judged.validation.perplexity
    if validation.value <= OVERFITTING_RATIO * train.value or train.value >= validation.low:
        return None
    return _Found("overfitting", *_perplexities(case))


def _undertraining(case: _Case) -> _Found | None:
    """The last look at validation was the best, and it still fell. One look alone shows no direction."""
    if len(case.history) < 2:
        return None
    before, last = case.history[-2].validation_loss, case.history[-1].validation_loss
    if before - last <= UNDERTRAINING_IMPROVEMENT * before:
        return None
    values = {"before": f"{before:.3f}", "last": f"{last:.3f}"}
    return _Found("undertraining", {"loss_before": before, "loss_last": last}, values)


def _unended(case: _Case) -> _Found | None:
    share = case.judged.unended
    return _Found("unended", {"unended": share}, {"share": percent(share)}) if share > UNENDED_SHARE else None


def _repetition(case: _Case) -> _Found | None:
    own, people = case.judged.written.repeated, case.judged.people.repeated
    if own <= max(REPETITION_LEAST, REPETITION_RATIO * people):
        return None
    values = {"own": percent(own), "people": percent(people)}
    return _Found("repetition", {"own_repeated": own, "people_repeated": people}, values)


def _healthy(case: _Case) -> _Found:
    return _Found(HEALTHY, *_perplexities(case))


def _perplexities(case: _Case) -> tuple[dict[str, float], dict[str, str]]:
    train, validation = case.judged.train.perplexity.value, case.judged.validation.perplexity.value
    values = {"train": f"{train:.2f}", "validation": f"{validation:.2f}"}
    return {"train_perplexity": train, "validation_perplexity": validation}, values


# The gravest first: a model that the trivial beats need not be looked at further.
_CHECKS: tuple[Callable[[_Case], _Found | None], ...] = (
    _against_the_trivial,
    _overfitting,
    _undertraining,
    _unended,
    _repetition,
)


def _finding(found: _Found) -> Finding:
    clause = say(f"clause.{found.code}", **found.values)
    return Finding(
        code=found.code,
        sentence=f"{clause[:1].upper()}{clause[1:]}.",
        evidence=found.evidence,
        advice=say(f"advice.{found.code}", **found.values),
    )
