"""Which candidate is deployed, and whether the difference is more than chance."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from wenlu.base.errors import WenluError
from wenlu.drawing.figures import count, percent, points
from wenlu.evaluation.metrics import Metrics
from wenlu.evaluation.words import say

# The customary level: one in twenty equal pairs is called different.
SIGNIFICANCE = 0.05


class Candidate(msgspec.Struct, frozen=True):
    """A trained model that could be deployed.

    `correct` says for each validation text, in the same order for every candidate, whether it is answered right.
    """

    name: str
    validation: Metrics
    correct: tuple[bool, ...] | None = None


class Choice(msgspec.Struct, frozen=True):
    """The candidate to deploy. `p_value` is of its difference from the next best; None where it stands alone."""

    name: str
    sentence: str
    p_value: float | None = None


def choose(candidates: Sequence[Candidate]) -> Choice:
    """The best on validation accuracy, on equal accuracy the lower log loss.

    Raises WenluError `no_candidates`, or `not_comparable` for candidates measured on different texts.
    """
    _check(candidates)
    best, *others = sorted(candidates, key=_merit)
    if not others:
        return Choice(best.name, say("choice.alone", best=best.name, accuracy=percent(best.validation.accuracy)))
    p_value = difference_p_value(best, others[0])
    return Choice(best.name, _sentence(best, others[0], p_value), p_value)


def difference_p_value(one: Candidate, other: Candidate) -> float:
    """How likely chance alone makes two equal candidates differ this much, two-sided.

    Paired answers are compared by McNemar's test, which sees far smaller differences; without them by two proportions.
    """
    if one.correct is not None and other.correct is not None:
        return mcnemar_p_value(one.correct, other.correct)
    return _two_proportions_p_value(one.validation, other.validation)


def mcnemar_p_value(one: Sequence[bool], other: Sequence[bool]) -> float:
    """Exact McNemar test (McNemar 1947): of the n texts that only one answers right, each side gets half by chance.

    p = min(1, 2 · P[Binomial(n, 1/2) ≤ the smaller side])
    """
    only_one = sum(mine and not theirs for mine, theirs in zip(one, other, strict=True))
    only_other = sum(theirs and not mine for mine, theirs in zip(one, other, strict=True))
    n = only_one + only_other
    tail = math.fsum(math.exp(_log_binomial_half(n, k)) for k in range(min(only_one, only_other) + 1))
    return min(1.0, 2 * tail)


def _log_binomial_half(n: int, k: int) -> float:
    """ln of C(n, k) / 2ⁿ; in logarithms, because 2ⁿ leaves the floats at n = 1024."""
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) - n * math.log(2)


def _two_proportions_p_value(one: Metrics, other: Metrics) -> float:
    """z test of two proportions with pooled variance: z = (p₁ - p₂) / √(p(1-p)(1/n₁ + 1/n₂))."""
    pooled = (one.accuracy * one.texts + other.accuracy * other.texts) / (one.texts + other.texts)
    deviation = math.sqrt(pooled * (1 - pooled) * (1 / one.texts + 1 / other.texts))
    return math.erfc(abs(one.accuracy - other.accuracy) / deviation / math.sqrt(2)) if deviation else 1.0


def _merit(candidate: Candidate) -> tuple[float, float]:
    return -candidate.validation.accuracy, candidate.validation.log_loss


def _sentence(best: Candidate, second: Candidate, p_value: float) -> str:
    gain = best.validation.accuracy - second.validation.accuracy
    clear = "clear" if p_value <= SIGNIFICANCE else "unclear"
    return say(
        f"choice.{clear}" if gain else "choice.tie",
        best=best.name,
        second=second.name,
        accuracy=percent(best.validation.accuracy),
        second_accuracy=percent(second.validation.accuracy),
        gain=points(gain),
        loss=f"{best.validation.log_loss:.3f}",
        second_loss=f"{second.validation.log_loss:.3f}",
        texts=count(best.validation.texts),
        p_value=f"{p_value:.2f}",
    )


def _check(candidates: Sequence[Candidate]) -> None:
    if not candidates:
        raise WenluError("no_candidates", "There is no candidate to choose from.")
    texts = candidates[0].validation.texts
    for candidate in candidates:
        answers = texts if candidate.correct is None else len(candidate.correct)
        if candidate.validation.texts != texts or answers != texts:
            raise WenluError(
                "not_comparable",
                f"Candidates are compared on the same texts, but '{candidates[0].name}' has {texts:,} "
                f"and '{candidate.name}' {candidate.validation.texts:,} with {answers:,} answers.",
            )
