"""Texts into texts: each id of a target from its source and from those before it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Protocol, cast

import torch
from torch import Tensor, nn

from wenlu.bundle.predict import batches_by_length
from wenlu.training.batches import epoch_batches
from wenlu.training.cross_entropy import IGNORED
from wenlu.training.pairs import EncodedPairs
from wenlu.training.task import Outcome, Rows
from wenlu.training.token_loss import TokenCrossEntropy

_VALIDATED_TOGETHER, _VALIDATED_TOKENS = 32, 16_384


class Renders(Protocol):
    """A model from text to text, of which states and output weights can be had apart."""

    projection: Tensor

    def states(self, sources_BS: Tensor, lengths_B: Tensor, tokens_BT: Tensor) -> Tensor: ...


class Seq2seq:
    """Pairs of similar length; the loss is the mean over the ids of targets, the end of each among them.

    The best round foretells validation best. `perplexity` is e to the loss, by token; neither is smoothed there.
    """

    unit = "tokens"

    def __init__(
        self,
        train: EncodedPairs,
        validation: EncodedPairs,
        *,
        loss: TokenCrossEntropy,
        batch: int,
        seed: int,
        device: torch.device | None = None,
    ) -> None:
        self._train, self._validation, self._loss = train, validation, loss
        self._batch, self._seed, self._device = batch, seed, device
        self._plain = TokenCrossEntropy(TokenCrossEntropy.Config())
        self._lengths = train.sources + train.targets
        self._counted = train.counted

    def batches(self, epoch: int) -> Sequence[Rows]:
        return epoch_batches(self._lengths, size=self._batch, seed=self._seed, epoch=epoch)

    def weight(self, rows: Rows) -> int:
        return int(self._counted[list(rows)].sum())

    def tokens(self, rows: Rows) -> int:
        some = list(rows)
        return len(some) * int(self._train.sources[some].max() + self._counted[some].max())

    def loss(self, model: nn.Module, rows: Rows) -> Outcome:
        loss, ids = self._surprise(model, self._train, rows, self._loss)
        return Outcome(loss * ids)

    @torch.inference_mode()
    def validate(self, model: nn.Module) -> dict[str, float]:
        nats, texts = 0.0, self._validation
        lengths = (texts.sources + texts.targets).tolist()
        for rows in batches_by_length(lengths, most_rows=_VALIDATED_TOGETHER, most_tokens=_VALIDATED_TOKENS):
            loss, ids = self._surprise(model, texts, rows, self._plain)
            nats += float(loss) * ids
        mean = nats / int(texts.counted.sum())
        return {"loss": mean, "perplexity": math.exp(min(mean, 700))}

    def merit(self, measures: Mapping[str, float]) -> tuple[float, ...]:
        return (-measures["loss"],)

    def _surprise(
        self, model: nn.Module, texts: EncodedPairs, rows: Rows, loss: TokenCrossEntropy
    ) -> tuple[Tensor, int]:
        """The mean loss of some pairs, and over how many ids it is one."""
        batch = texts.batch(rows)
        sources_BS, lengths_B, tokens_BT, targets_BT = (
            torch.from_numpy(one).to(self._device)
            for one in (batch.sources, batch.lengths, batch.tokens, batch.targets)
        )
        renders = cast(Renders, model)
        states_BTE = renders.states(sources_BS, lengths_B, tokens_BT)
        mean = loss(states_BTE.flatten(0, 1), renders.projection, targets_BT.flatten())
        return mean, int((batch.targets != IGNORED).sum())
