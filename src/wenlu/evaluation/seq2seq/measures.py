"""The numbers that say how good a model from text to text is, each with an interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from wenlu.base.errors import WenluError
from wenlu.evaluation.regression.bootstrap import drawn, interval
from wenlu.evaluation.seq2seq.likeness import Floats, chrf, ngram_counts, rouge_l


class Figure(msgspec.Struct, frozen=True):
    """A number, and where 95 % of it lie when the texts are drawn again (Efron 1979)."""

    value: float
    low: float
    high: float


class Foretold(msgspec.Struct, frozen=True):
    """How surely a model foretells targets. Perplexity is by token, so it compares models of one tokenizer alone."""

    texts: int
    tokens: int
    perplexity: Figure
    bits_per_character: Figure


class Likeness(msgspec.Struct, frozen=True):
    """How alike answers and targets are: ROUGE-L and chrF by character, and how many answers are the target."""

    rouge_l: Figure
    chrf: Figure
    exact: Figure


def measure_foretold(
    *, nats: NDArray[np.floating[Any]], tokens: NDArray[np.integer[Any]], characters: NDArray[np.integer[Any]]
) -> Foretold:
    """From each target's -Σ ln p(token | its source, those before it), and its tokens and characters, all [N].

    Raises WenluError `no_texts`, or `bad_predictions` for a surprise that is no number.
    """
    if not len(nats):
        raise _no_texts()
    if not np.isfinite(nats).all():
        raise WenluError("bad_predictions", "These predictions can't be measured: a text's surprise is no number.")
    return Foretold(
        texts=len(nats),
        tokens=int(tokens.sum()),
        perplexity=_figure(lambda weights: np.exp(weights @ nats / np.maximum(weights @ tokens, 1)), len(nats)),
        bits_per_character=_figure(
            lambda weights: weights @ nats / np.log(2) / np.maximum(weights @ characters, 1), len(nats)
        ),
    )


@dataclass(frozen=True, slots=True)
class Compared:
    """Answers beside their targets, a text a row: ROUGE-L [N], counts of n-grams [N, 18], if they are equal [N]."""

    rouge_l: Floats
    counts: Floats
    exact: Floats

    @classmethod
    def of(cls, answers: Sequence[str], targets: Sequence[str]) -> Self:
        """Raises WenluError `no_texts`."""
        if not targets:
            raise _no_texts()
        pairs = list(zip(answers, targets, strict=True))
        counts = [ngram_counts(answer, target).ravel() for answer, target in pairs]
        return cls(
            np.array([rouge_l(answer, target) for answer, target in pairs]),
            np.array(counts, dtype=np.float64),
            np.array([float(answer == target) for answer, target in pairs]),
        )

    def likeness(self) -> Likeness:
        texts = len(self.exact)
        return Likeness(_figure(self._rouge_l, texts), _figure(self._chrf, texts), _figure(self._exact, texts))

    def ahead_of(self, other: Compared) -> Likeness:
        """How much more alike these are than others on the same texts; an interval that holds 0 tells no difference
        (paired, Koehn 2004)."""
        texts = len(self.exact)
        return Likeness(
            _figure(lambda weights: self._rouge_l(weights) - other._rouge_l(weights), texts),
            _figure(lambda weights: self._chrf(weights) - other._chrf(weights), texts),
            _figure(lambda weights: self._exact(weights) - other._exact(weights), texts),
        )

    def _rouge_l(self, weights: Floats) -> Floats:
        mean: Floats = weights @ self.rouge_l / weights.sum(-1)
        return mean

    def _exact(self, weights: Floats) -> Floats:
        share: Floats = weights @ self.exact / weights.sum(-1)
        return share

    def _chrf(self, weights: Floats) -> Floats:
        """Of summed counts: the figure of a corpus, not a mean of texts."""
        summed = weights @ self.counts
        return chrf(summed.reshape(*summed.shape[:-1], -1, 3))


def _figure(of: Any, texts: int) -> Figure:
    low, high = interval(drawn(of, texts))
    return Figure(float(of(np.ones(texts))), low, high)


def _no_texts() -> WenluError:
    return WenluError("no_texts", "There is no text to measure on.", hint="Give the split at least one text.")
