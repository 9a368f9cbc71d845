"""Labels that the models contradict, and how many of their surest answers are contradicted by the labels.

Mistakes in labels are blind to how easy a text is, mistakes of a model are not: of the texts it is surest about, a
model gets nearly all right where labels can be trusted, and where one label in five is wrong about that many wrong
(as confident learning has it: Northcutt, Jiang and Chuang 2021).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

UNSEEN = ("validation", "test")
_SURE = 3  # the surest one in so many


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


def contradictions(judge: Answered) -> tuple[int, int]:
    """How many texts are the surest third, and how many of them have another label than is answered."""
    sure = judge.ranks > 1 - 1 / _SURE
    return int(sure.sum()), int((sure & judge.wrong).sum())


def doubted(judges: Sequence[Answered]) -> NDArray[np.intp]:
    """The texts of which every model gives the same answer, another than the label, and is surer than of half of all
    texts; the one that all are surest about comes first."""
    first = judges[0]
    agreed = np.logical_and.reduce([one.answers == first.answers for one in judges])
    sure_N = np.minimum.reduce([one.ranks for one in judges])
    rows = np.flatnonzero(agreed & first.wrong & (sure_N > 0.5))
    return rows[np.argsort(-sure_N[rows], kind="stable")]


def together(answered: Mapping[str, Answered]) -> Answered:
    """The unseen texts of all splits behind one another."""
    parts = [answered[split] for split in UNSEEN]
    return Answered(
        np.concatenate([one.truth for one in parts]),
        np.concatenate([one.answers for one in parts]),
        np.concatenate([one.sureness for one in parts]),
    )
