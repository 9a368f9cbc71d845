"""What the numbers of a language model mean: one sentence for a manager, findings for an engineer.

Every threshold stands here by name with its reason.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from wenlu.base.finding import HEALTHY, Finding
from wenlu.drawing.figures import count, percent
from wenlu.evaluation.language.facts import Judged, LanguageEpoch
from wenlu.evaluation.language.words import say
from wenlu.evaluation.verdict import UNDERTRAINING_IMPROVEMENT, Verdict

# Read once, a text is hardly easier when it is read again; a model that needs a tenth more for new texts than for those
# it learned from has begun to learn them by heart.
OVERFITTING_RATIO = 1.10

# Of its four-character runs, a text by people repeats one in some tens. Three times as many is what readers notice.
REPETITION_RATIO, REPETITION_LEAST = 3.0, 0.05


def judge(judged: Judged, history: Sequence[LanguageEpoch]) -> Verdict:
    """The verdict on a language model: pure, from numbers alone."""
    case = _Case(judged, history)
    found = [one for check in _CHECKS if (one := check(case))] or [_healthy(case)]
    test = judged.test
    sentence = say(
        "verdict.answers" if judged.answers else "verdict",
        bits=bits(test.bits_per_character),
        texts=count(test.texts),
        interval=span(test.bits_per_character_interval),
        counting=bits(judged.counting.bits_per_character),
        clause=say(f"clause.{found[0].code}", **found[0].values),
    )
    return Verdict(sentence, tuple(map(_finding, found)))


def bits(number: float) -> str:
    """
    >>> bits(5.4321)
    '5.43'
    """
    return f"{number:.2f}"


def span(interval: tuple[float, float]) -> str:
    """
    >>> span((5.4, 5.512))
    '5.40–5.51'
    """
    return "–".join(map(bits, interval))


@dataclass(frozen=True, slots=True)
class _Case:
    judged: Judged
    history: Sequence[LanguageEpoch]


@dataclass(frozen=True, slots=True)
class _Found:
    code: str
    evidence: dict[str, float]
    values: dict[str, str]


def _against_counting(case: _Case) -> _Found | None:
    low, high = case.judged.gain
    if low > 0:
        return None
    ours, theirs = case.judged.test.bits_per_character, case.judged.counting.bits_per_character
    code = "below_baseline" if high < 0 else "same_as_baseline"
    return _Found(code, {"bits": ours, "counting_bits": theirs}, {"gap": bits(ours - theirs)})


def _overfitting(case: _Case) -> _Found | None:
    """A gap that chance can't explain: what training texts need also lies outside validation's 95 % interval."""
    train, validation = case.judged.train, case.judged.validation
    ours, theirs = train.bits_per_character, validation.bits_per_character
    if theirs <= OVERFITTING_RATIO * ours or ours >= validation.bits_per_character_interval[0]:
        return None
    values = {"train": bits(ours), "validation": bits(theirs)}
    return _Found("overfitting", {"train_bits": ours, "validation_bits": theirs}, values)


def _undertraining(case: _Case) -> _Found | None:
    """The last look at validation was the best, and it still fell. One look alone shows no direction."""
    if len(case.history) < 2:
        return None
    before, last = case.history[-2].validation_loss, case.history[-1].validation_loss
    if before - last <= UNDERTRAINING_IMPROVEMENT * before:
        return None
    values = {"before": f"{before:.3f}", "last": f"{last:.3f}"}
    return _Found("undertraining", {"loss_before": before, "loss_last": last}, values)


def _repetition(case: _Case) -> _Found | None:
    own, people = case.judged.own.repeated, case.judged.people.repeated
    if own <= max(REPETITION_LEAST, REPETITION_RATIO * people):
        return None
    values = {"own": percent(own), "people": percent(people)}
    return _Found("repetition", {"own_repeated": own, "people_repeated": people}, values)


def _healthy(case: _Case) -> _Found:
    train, validation = case.judged.train.bits_per_character, case.judged.validation.bits_per_character
    values = {"train": bits(train), "validation": bits(validation)}
    return _Found(HEALTHY, {"train_bits": train, "validation_bits": validation}, values)


# The gravest first: a model that counting beats need not be looked at further.
_CHECKS: tuple[Callable[[_Case], _Found | None], ...] = (_against_counting, _overfitting, _undertraining, _repetition)


def _finding(found: _Found) -> Finding:
    clause = say(f"clause.{found.code}", **found.values)
    return Finding(
        code=found.code,
        sentence=f"{clause[:1].upper()}{clause[1:]}.",
        evidence=found.evidence,
        advice=say(f"advice.{found.code}", **found.values),
    )
