"""Which model of numbers is deployed, and whether the difference is more than chance."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from wenlu.base.errors import WenluError
from wenlu.drawing.figures import count
from wenlu.evaluation.bootstrap import Floats, drawn, interval
from wenlu.evaluation.choose import Choice
from wenlu.evaluation.regression.metrics import Metrics
from wenlu.evaluation.regression.words import say, written


class Candidate(msgspec.Struct, frozen=True):
    """A trained model that could be deployed. `errors` are answer - truth of the validation texts, in the same order
    for every candidate."""

    name: str
    validation: Metrics
    errors: tuple[float, ...]


class Difference(msgspec.Struct, frozen=True):
    """By how much the first of two models has the lower RMSE, and the interval that holds 95 % of it."""

    gain: float
    low: float
    high: float

    @property
    def clear(self) -> bool:
        """Whether it is more than chance: the interval does not hold 0."""
        return self.low > 0 or self.high < 0


def choose(candidates: Sequence[Candidate]) -> Choice:
    """The lowest RMSE on validation.

    Raises WenluError `no_candidates`, or `not_comparable` for candidates measured on different texts.
    """
    _check(candidates)
    best, *others = sorted(candidates, key=lambda candidate: candidate.validation.rmse.value)
    values = {"best": best.name, "rmse": written(best.validation.rmse.value)}
    if not others:
        return Choice(best.name, say("choice.alone", **values))
    found = compare(best.errors, others[0].errors)
    values |= {
        "second": others[0].name,
        "second_rmse": written(others[0].validation.rmse.value),
        "gain": written(found.gain),
        "interval": f"{written(found.low)} to {written(found.high)}",
        "texts": count(best.validation.texts),
    }
    return Choice(best.name, say("choice.clear" if found.clear else "choice.unclear", **values))


def compare(errors: Sequence[float], other: Sequence[float]) -> Difference:
    """RMSE of `other` less that of the first, both on the same texts in each draw: what makes a text hard for both
    cancels, so far smaller differences show than from two intervals."""
    squares_N2 = np.square(np.stack([np.asarray(errors), np.asarray(other)], axis=1))

    def gain(weights_RN: Floats) -> Floats:
        rmse_R2 = np.sqrt(weights_RN @ squares_N2 / len(squares_N2))
        gain_R: Floats = rmse_R2[:, 1] - rmse_R2[:, 0]
        return gain_R

    low, high = interval(drawn(gain, len(squares_N2)))
    return Difference(float(gain(np.ones((1, len(squares_N2))))[0]), low, high)


def _check(candidates: Sequence[Candidate]) -> None:
    if not candidates:
        raise WenluError("no_candidates", "There is no candidate to choose from.")
    texts = candidates[0].validation.texts
    for candidate in candidates:
        if candidate.validation.texts != texts or len(candidate.errors) != texts:
            raise WenluError(
                "not_comparable",
                f"Candidates are compared on the same texts, but '{candidates[0].name}' has {texts:,} "
                f"and '{candidate.name}' {candidate.validation.texts:,} with {len(candidate.errors):,} answers.",
            )
