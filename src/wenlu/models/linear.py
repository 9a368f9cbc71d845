"""Every n-gram votes. On short texts few networks do better, and it is trained in seconds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from wenlu.base.spec import Field, Spec

_FIELD = (1 << 31) - 1  # a prime; keeps every product below 2**63
_GROWN, _TOKEN, _SPREAD = 1_000_003, 8_191, 40_503
_NONE = -1  # no n-gram has this name

_ROOM = 8  # places of the table for each n-gram that is kept: one in twenty finds its place taken and is left out
_TOGETHER = 256  # rows looked at in one go
_MOST_COUNTED = 16_000_000  # pairs of n-gram and label held while counting: a quarter of a gigabyte


class Linear(nn.Module):
    """The votes of a row's n-grams, each once however often it occurs, over the root of their number.

    The vote of an n-gram for a label is its naive-Bayes log-count ratio times a learned weight (Wang and Manning 2012,
    "NB-SVM"), so what is seen with one label only speaks loudly from the first step, and what is seen with all of them
    stays silent. `look_at` counts the training rows; an n-gram that it did not keep says nothing. Order beyond n is
    ignored. With a squared hinge as its loss it is that paper's support vector machine, over rows of length one.
    B rows, T ids, G n-grams of a row, C labels.
    """

    tasks = ("classify",)

    class Config(Spec):
        ngrams: int = Field(3, ge=1, le=6, description="Longest n-gram, in ids")
        features: int = Field(1 << 18, ge=16, le=1 << 24, description="n-grams that may vote; the most frequent do")
        min_count: int = Field(2, ge=1, description="An n-gram of fewer training rows has no vote")
        smoothing: float = Field(1.0, gt=0, le=1000, description="Added to each count before ratios are taken")
        dropout: float = Field(0.0, ge=0, lt=1, description="Share of the n-grams silenced while training")

    def __init__(self, config: Config, *, vocabulary_size: int, labels: int) -> None:
        super().__init__()
        self.config = config
        self.labels = labels
        self.weights = nn.Parameter(torch.zeros(config.features + 1, labels))
        self.output = nn.Parameter(torch.zeros(labels))
        self.dropout = nn.Dropout(config.dropout)
        # number 0 is of every n-gram that has no vote
        self.register_buffer("ratios", torch.zeros(config.features + 1, labels))
        self.register_buffer("names", torch.full((config.features + 1,), _NONE))
        self.register_buffer("numbers", torch.zeros(config.features * _ROOM, dtype=torch.int32))

    def look_at(self, rows: Iterable[tuple[NDArray[np.int32], int]]) -> None:
        """Choose the n-grams that may vote, and take their ratios. Each row is its ids [T] and its label's number."""
        pairs, counts = self._counted(iter(rows))
        starts = np.flatnonzero(np.diff(pairs // self.labels, prepend=_NONE))
        totals = np.add.reduceat(counts, starts) if len(counts) else counts
        names = pairs[starts] // self.labels
        kept = np.lexsort((names, -totals))[: self.config.features]
        kept = np.sort(kept[totals[kept] >= self.config.min_count])
        table_GC = np.zeros((len(kept), self.labels))
        owner = np.searchsorted(names[kept], pairs // self.labels).clip(max=max(len(kept) - 1, 0))
        of_kept = np.isin(pairs // self.labels, names[kept])
        table_GC[owner[of_kept], pairs[of_kept] % self.labels] = counts[of_kept]
        self._keep(names[kept], totals[kept], _ratios(table_GC, self.config.smoothing))

    @torch.no_grad()
    def loudest(self, features: int) -> Linear:
        """A model of the `features` n-grams that speak most for one label against another, with room for no more."""
        votes_GC = self.weights * self.ratios
        loudness_G = (votes_GC.amax(1) - votes_GC.amin(1)).masked_fill(self.names == _NONE, _NONE)
        known = int((self.names != _NONE).sum())
        kept = loudness_G.topk(min(features, known)).indices.sort().values  # names ascend, so they do here
        config = self.config.model_copy(update={"features": features})
        model = Linear(config, vocabulary_size=0, labels=self.labels)
        model._keep(self.names[kept].numpy(), loudness_G[kept].numpy(), self.ratios[kept].double().numpy())
        model.weights[1 : len(kept) + 1] = self.weights[kept]
        model.output.copy_(self.output)
        return model

    def forward(self, tokens_BT: Tensor, lengths_B: Tensor) -> Tensor:
        names_BG = self._names(tokens_BT, lengths_B)
        first_BG = names_BG != nn.functional.pad(names_BG, (1, 0), value=_NONE)[:, :-1]
        numbers_BG = self.numbers[names_BG % len(self.numbers)].long()
        speaks_BG = first_BG & (self.names[numbers_BG] == names_BG)
        numbers_BG = numbers_BG * speaks_BG
        loudness_BG1 = self.dropout(speaks_BG.to(self.weights.dtype)).unsqueeze(2)
        votes_BGC = nn.functional.embedding(numbers_BG, self.weights) * self.ratios[numbers_BG]
        size_B1 = speaks_BG.sum(1, keepdim=True).clamp(min=1).sqrt()
        logits_BC: Tensor = (votes_BGC * loudness_BG1).sum(1) / size_B1 + self.output
        return logits_BC

    def _names(self, tokens_BT: Tensor, lengths_B: Tensor) -> Tensor:
        """The n-grams of each row in ascending order, as numbers below 2**31; `_NONE` where it has fewer than others.

        The beginning and the end of a row are ids too, 0. A name is a hash: two n-grams share one once in two thousand
        million pairs.
        """
        real_BT = torch.arange(tokens_BT.size(1), device=tokens_BT.device) < lengths_B.unsqueeze(1)
        tokens_BT = nn.functional.pad(tokens_BT * real_BT, (1, 1))
        positions_T = torch.arange(tokens_BT.size(1), device=tokens_BT.device)
        grown_BT = torch.zeros_like(tokens_BT)
        names = []
        for n in range(1, self.config.ngrams + 1):
            # The n-gram that ends at t is the one of n-1 ids that ends before t, and the id at t.
            shorter_BT = nn.functional.pad(grown_BT, (1, 0))[:, :-1]
            grown_BT = (shorter_BT * _GROWN + tokens_BT * _TOKEN + n) % _FIELD
            inside_BT = (positions_T >= n - 1) & (positions_T < lengths_B.unsqueeze(1) + 2)
            names.append(torch.where(inside_BT, grown_BT * _SPREAD % _FIELD, _NONE))
        return torch.cat(names, dim=1).sort(dim=1).values

    def _counted(self, rows: Iterator[tuple[NDArray[np.int32], int]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Name x labels + label, ascending, and in how many rows each such pair occurs."""
        pairs, counts = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
        waiting: list[NDArray[np.int64]] = []
        while together := list(islice(rows, _TOGETHER)):
            waiting.append(self._pairs(together))
            if sum(map(len, waiting)) > max(len(pairs), _TOGETHER * 1_000):
                pairs, counts = _added(pairs, counts, waiting)
                waiting = []
        return _added(pairs, counts, waiting)

    def _pairs(self, rows: list[tuple[NDArray[np.int32], int]]) -> NDArray[np.int64]:
        """Name x labels + label of each different n-gram of each row."""
        longest = max(len(ids) for ids, _ in rows)
        tokens_BT = torch.from_numpy(
            np.stack([np.pad(ids, (0, longest - len(ids))) for ids, _ in rows]).astype("int64")
        )
        names_BG = self._names(tokens_BT, torch.tensor([len(ids) for ids, _ in rows])).numpy()
        first_BG = np.diff(names_BG, axis=1, prepend=_NONE) != 0
        labels_B1 = np.array([[label] for _, label in rows])
        pairs: NDArray[np.int64] = (names_BG * self.labels + labels_B1)[first_BG]
        return pairs

    def _keep(self, names: NDArray[np.int64], totals: NDArray[np.int64], ratios_GC: NDArray[np.float64]) -> None:
        numbers = np.arange(1, len(names) + 1)
        table = np.zeros(len(self.numbers), dtype=np.int32)
        for number in numbers[np.lexsort((names, totals))].tolist():  # of two for one place, the more frequent has it
            table[names[number - 1] % len(table)] = number
        self.numbers.copy_(torch.from_numpy(table))
        self.names.fill_(_NONE)
        self.names[1 : len(names) + 1] = torch.from_numpy(names)
        self.ratios.zero_()
        self.ratios[1 : len(names) + 1] = torch.from_numpy(ratios_GC)


def _ratios(counts_GC: NDArray[np.float64], smoothing: float) -> NDArray[np.float64]:
    """How much likelier each n-gram is with a label than with the others, as a logarithm."""
    with_GC = counts_GC + smoothing
    without_GC = counts_GC.sum(1, keepdims=True) - counts_GC + smoothing
    ratios: NDArray[np.float64] = np.log(with_GC / with_GC.sum(0)) - np.log(without_GC / without_GC.sum(0))
    return ratios


def _added(
    pairs: NDArray[np.int64], counts: NDArray[np.int64], more: list[NDArray[np.int64]]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The sums with `more` counted too. Past a bound, pairs seen once so far are forgotten."""
    new, seen = np.unique(np.concatenate([np.empty(0, dtype=np.int64), *more]), return_counts=True)
    both, where = np.unique(np.concatenate([pairs, new]), return_inverse=True)
    sums = np.zeros(len(both), dtype=np.int64)
    np.add.at(sums, where, np.concatenate([counts, seen]))
    if len(both) > _MOST_COUNTED:
        both, sums = both[sums > 1], sums[sums > 1]
    return both, sums
