"""The texts a model of numbers errs most on, and what a report draws of all its answers."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import msgspec
import numpy as np

from wenlu.drawing.charts import round_range
from wenlu.evaluation.bootstrap import Floats
from wenlu.evaluation.hardest import cut

_DOTS = 2_000  # more are one black cloud, and megabytes of page
_BARS = 12  # about as many


class FarText(msgspec.Struct, frozen=True):
    """A text with its true number and the answer."""

    text: str
    truth: float
    answer: float


class Answers(msgspec.Struct, frozen=True):
    """`points` are truth and answer of some texts, evenly taken; `residuals` are texts by range of answer - truth."""

    points: tuple[tuple[float, float], ...]
    residuals: dict[str, int]


def worst_texts(texts: Sequence[str], *, truth: Floats, answers: Floats, limit: int = 20) -> tuple[FarText, ...]:
    """At most `limit` texts, the furthest off first; texts are cut to 200 characters."""
    furthest = np.argsort(-np.abs(answers - truth), kind="stable")[:limit]
    return tuple(FarText(cut(texts[row]), float(truth[row]), float(answers[row])) for row in furthest.tolist())


def drawn_answers(truth: Floats, answers: Floats) -> Answers:
    """What a report draws."""
    rows = np.unique(np.linspace(0, len(truth) - 1, min(len(truth), _DOTS)).astype(np.int64))
    errors = answers - truth
    edges = round_range([float(errors.min()), float(errors.max())], about=_BARS).ticks
    texts = np.histogram(errors, edges)[0].tolist()
    names = [f"{low:g} … {high:g}" for low, high in pairwise(edges)]
    return Answers(
        tuple((float(truth[row]), float(answers[row])) for row in rows.tolist()), dict(zip(names, texts, strict=True))
    )
