"""How many answers change where texts change that a person would read the same."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from wenlu.evaluation.disturbances import disturbances
from wenlu.evaluation.metrics import wilson_interval

MOST_TEXTS = 1_000
"""Texts that are disturbed, at most: intervals of ±3 points, and a bounded cost."""

Answers = NDArray[np.integer[Any]]


class Disturbed(msgspec.Struct, frozen=True):
    """One disturbance: of the sampled texts `texts` became others, `changed` of their answers did.

    `before` is the accuracy on the same texts as they were. Intervals hold 95 %.
    """

    name: str
    texts: int
    changed: int
    changed_interval: tuple[float, float]
    before: float
    accuracy: float
    accuracy_interval: tuple[float, float]


class Robustness(msgspec.Struct, frozen=True):
    """`sample` of `texts` were disturbed."""

    texts: int
    sample: int
    disturbed: tuple[Disturbed, ...]


class Trial(msgspec.Struct, frozen=True):
    """What to ask: texts that a disturbance changed, and the rows they were."""

    name: str
    rows: list[int]
    texts: list[str]


def trials(texts: Sequence[str], *, most: int = MOST_TEXTS) -> list[Trial]:
    """Disturbed texts of a sample that is the same every time; what stays as it is, or becomes empty, is not asked."""
    rows = sampled(texts, most=most)
    return [
        Trial(name, [row for row, _ in changed], [text for _, text in changed])
        for name, disturb in disturbances().items()
        if (changed := [(row, new) for row in rows if (new := disturb(texts[row])) != texts[row] and new.strip()])
    ]


def sampled(texts: Sequence[str], *, most: int = MOST_TEXTS) -> list[int]:
    """Row numbers of at most so many texts, chosen by what the texts say and by nothing else."""
    if len(texts) <= most:
        return list(range(len(texts)))
    return sorted(sorted(range(len(texts)), key=lambda row: _digest(texts[row]))[:most])


def disturbed(trial: Trial, *, truth: Answers, before: Answers, after: Answers) -> Disturbed:
    """The outcome of a trial: `truth` and `before` are of all texts, `after` of the trial's own."""
    rows = np.array(trial.rows)
    changed, right = int((before[rows] != after).sum()), int((truth[rows] == after).sum())
    return Disturbed(
        name=trial.name,
        texts=len(rows),
        changed=changed,
        changed_interval=wilson_interval(changed, len(rows)),
        before=float((truth[rows] == before[rows]).mean()),
        accuracy=right / len(rows),
        accuracy_interval=wilson_interval(right, len(rows)),
    )


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
