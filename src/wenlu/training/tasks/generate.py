"""Texts foretold: each id from those before it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import torch

from wenlu.training.encoded import EncodedTexts
from wenlu.training.packing import PackedTexts
from wenlu.training.settings import PackingConfig
from wenlu.training.task import Rows
from wenlu.training.tasks.foretold import Foretold


class Generate(Foretold):
    """Rows of packed texts; the loss is the mean over their ids of -ln p(id | those before it in its text).

    The best round foretells validation best. `perplexity` is e to the loss, by token.
    """

    unit = "tokens"

    def __init__(
        self,
        train: EncodedTexts,
        validation: EncodedTexts,
        *,
        packing: PackingConfig,
        separator: int,
        batch: int,
        seed: int,
        device: torch.device | None = None,
    ) -> None:
        validated = PackedTexts.in_order(validation, packing, separator=separator)
        super().__init__(validated, length=packing.length, device=device)
        self._train = train
        self._packing, self._separator, self._batch, self._seed = packing, separator, batch, seed
        self._packed = lru_cache(1)(self._shuffled)
        self._rows = self._packed(1)

    @property
    def rows(self) -> PackedTexts:
        return self._rows

    def batches(self, epoch: int) -> Sequence[Rows]:
        self._rows = self._packed(epoch)
        order = np.random.default_rng([self._seed, epoch, 1]).permutation(len(self._rows))
        return [order[start : start + self._batch].tolist() for start in range(0, len(order), self._batch)]

    def weight(self, rows: Rows) -> int:
        length, ids = self._packing.length, self._rows.ids
        return sum(min(length, ids - row * length) for row in rows)

    def _shuffled(self, epoch: int) -> PackedTexts:
        return PackedTexts.shuffled(self._train, self._packing, separator=self._separator, seed=self._seed, epoch=epoch)
