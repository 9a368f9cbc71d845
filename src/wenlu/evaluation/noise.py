"""Labels that the models contradict, and how many of their surest answers are contradicted by the labels.

Mistakes in labels are blind to how easy a text is, mistakes of models are not: of the texts on which models that
learned in different ways agree and are surest, nearly all are right where labels can be trusted, and where one label in
five is wrong about that many are not (as confident learning has it: Northcutt, Jiang and Chuang 2021).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

UNSEEN = ("validation", "test")
_SURE = 5  # the surest one in so many


@dataclass(frozen=True, slots=True)
class Answered:
    """A model's answers to some texts [N]: numbers of labels, and the probability of the answer."""

    truth: NDArray[np.integer[Any]]
    answers: NDArray[np.integer[Any]]
    sureness: NDArray[np.floating[Any]]

    @classmethod
    def of(cls, truth: NDArray[np.integer[Any]], probabilities: NDArray[np.floating[Any]]) -> Answered:
        return cls(truth, probabilities.argmax(1), probabilities.max(1))

    @property
    def wrong(self) -> NDArray[np.bool_]:
        wrong: NDArray[np.bool_] = self.answers != self.truth
        return wrong

    @property
    def accuracy(self) -> float:
        return float(1 - self.wrong.mean())

    @property
    def skill(self) -> float:
        """What it gets right of what guessing the most frequent label leaves wrong."""
        majority = float(np.bincount(self.truth).max()) / len(self.truth)
        return (self.accuracy - majority) / (1 - majority) if majority < 1 else 0.0

    @property
    def ranks(self) -> NDArray[np.float64]:
        """How sure it is of each among all, from 0 to 1: what two models have in common whatever their scale."""
        order = np.argsort(self.sureness, kind="stable")
        ranks = np.empty(len(order))
        ranks[order] = np.arange(1, len(order) + 1) / len(order)
        return ranks


def contradictions(judges: Sequence[Answered]) -> tuple[int, int]:
    """How many texts are the fifth that all agree on and are surest about, and how many of them have another label."""
    first = judges[0]
    sure_N = np.where(_agreed(judges), _sureness(judges), 0.0)
    surest = np.argsort(-sure_N, kind="stable")[: len(sure_N) // _SURE]
    surest = surest[sure_N[surest] > 0]
    return len(surest), int(first.wrong[surest].sum())


def doubted(judges: Sequence[Answered]) -> NDArray[np.intp]:
    """The texts of which every model gives the same answer, another than the label, and is surer than of half of all
    texts; the one that all are surest about comes first."""
    sure_N = _sureness(judges)
    rows = np.flatnonzero(_agreed(judges) & judges[0].wrong & (sure_N > 0.5))
    return rows[np.argsort(-sure_N[rows], kind="stable")]


def _agreed(judges: Sequence[Answered]) -> NDArray[np.bool_]:
    """Of which texts all give the same answer."""
    agreed: NDArray[np.bool_] = np.logical_and.reduce([one.answers == judges[0].answers for one in judges])
    return agreed


def _sureness(judges: Sequence[Answered]) -> NDArray[np.float64]:
    """How sure the least sure of them is of each text, as a rank."""
    least: NDArray[np.float64] = np.minimum.reduce([one.ranks for one in judges])
    return least


def together(answered: Mapping[str, Answered]) -> Answered:
    """The unseen texts of all splits behind one another."""
    parts = [answered[split] for split in UNSEEN]
    return Answered(
        np.concatenate([one.truth for one in parts]),
        np.concatenate([one.answers for one in parts]),
        np.concatenate([one.sureness for one in parts]),
    )
