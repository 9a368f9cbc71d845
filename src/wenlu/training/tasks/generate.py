"""Texts foretold: each id from those before it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Protocol, cast

import numpy as np
import torch
from torch import Tensor, nn

from wenlu.training.cross_entropy import IGNORED, projected_cross_entropy
from wenlu.training.encoded import EncodedTexts
from wenlu.training.packing import PackedTexts
from wenlu.training.settings import PackingConfig
from wenlu.training.task import Outcome, Rows

_VALIDATED_TOGETHER = 16  # rows


class Foretells(Protocol):
    """A model of which states and output weights can be had apart."""

    projection: Tensor

    def __call__(self, tokens_BT: Tensor, documents_BT: Tensor | None = None) -> Tensor: ...

    def states(self, tokens_BT: Tensor, documents_BT: Tensor | None = None) -> Tensor: ...


class Generate:
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
        self._train = train
        self._packing, self._separator, self._batch, self._seed = packing, separator, batch, seed
        self._device = device
        self._validation = PackedTexts.in_order(validation, packing, separator=separator)
        self._packed = lru_cache(1)(self._shuffled)
        self._rows = self._packed(1)

    def batches(self, epoch: int) -> Sequence[Rows]:
        self._rows = self._packed(epoch)
        order = np.random.default_rng([self._seed, epoch, 1]).permutation(len(self._rows))
        return [order[start : start + self._batch].tolist() for start in range(0, len(order), self._batch)]

    def weight(self, rows: Rows) -> int:
        length, ids = self._packing.length, self._rows.ids
        return sum(min(length, ids - row * length) for row in rows)

    def tokens(self, rows: Rows) -> int:
        return len(rows) * self._packing.length

    def loss(self, model: nn.Module, rows: Rows) -> Outcome:
        loss, ids = self._surprise(model, self._rows, rows)
        return Outcome(loss * ids)

    @torch.inference_mode()
    def validate(self, model: nn.Module) -> dict[str, float]:
        nats = ids = 0.0
        for start in range(0, len(self._validation), _VALIDATED_TOGETHER):
            rows = range(start, min(start + _VALIDATED_TOGETHER, len(self._validation)))
            loss, number = self._surprise(model, self._validation, rows)
            nats += float(loss) * number
            ids += number
        return {"loss": nats / ids, "perplexity": math.exp(min(nats / ids, 700))}

    def merit(self, measures: Mapping[str, float]) -> tuple[float, ...]:
        return (-measures["loss"],)

    def _surprise(self, model: nn.Module, texts: PackedTexts, rows: Rows) -> tuple[Tensor, int]:
        """The mean loss of some rows, and over how many ids it is one."""
        packed = texts.batch(rows)
        tokens_BT, targets_BT = (torch.from_numpy(one).to(self._device) for one in (packed.tokens, packed.targets))
        documents_BT = None if packed.documents is None else torch.from_numpy(packed.documents).to(self._device)
        foretells = cast(Foretells, model)
        states_BTE = foretells.states(tokens_BT, documents_BT)
        loss = projected_cross_entropy(states_BTE.flatten(0, 1), foretells.projection, targets_BT.flatten())
        return loss, int((packed.targets != IGNORED).sum())

    def _shuffled(self, epoch: int) -> PackedTexts:
        return PackedTexts.shuffled(self._train, self._packing, separator=self._separator, seed=self._seed, epoch=epoch)
