"""Masked ids filled in: what a backbone learns from texts without labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, cast

import numpy as np
import torch
from torch import Tensor, nn

from wenlu.bundle.predict import batches_by_length
from wenlu.training.cross_entropy import IGNORED, projected_cross_entropy, projected_likeliest
from wenlu.training.encoded import EncodedTexts
from wenlu.training.masking import Masking
from wenlu.training.task import Outcome, Rows
from wenlu.training.texts import WholeTexts

_VALIDATED = 2_000  # texts at most: enough to tell losses apart to the second digit
_VALIDATION = 0  # the epoch that their masks are of, so that rounds are compared on the same ones


class Fills(Protocol):
    """A model of which states at some places and output weights can be had apart."""

    projection: Tensor

    def __call__(self, tokens_BT: Tensor, lengths_B: Tensor, asked_BT: Tensor) -> Tensor: ...


class Fill(WholeTexts):
    """Ids with some of them masked; the loss is the mean over those of -ln p(id | the text around it).

    The best round fills texts that are held back best. `accuracy` is the share of their masked ids that it guesses.
    """

    unit = "masked ids"

    def __init__(
        self,
        train: EncodedTexts,
        validation: EncodedTexts,
        *,
        masking: Masking,
        batch: int,
        seed: int,
        device: torch.device | None = None,
    ) -> None:
        super().__init__(train, validation, batch=batch, seed=seed, device=device)
        self._masking = masking
        self._epoch = 1

    def batches(self, epoch: int) -> Sequence[Rows]:
        self._epoch = epoch
        return super().batches(epoch)

    def weight(self, rows: Rows) -> int:
        return sum(map(self._masking.number, self._lengths[list(rows)].tolist()))

    def loss(self, model: nn.Module, rows: Rows) -> Outcome:
        states_NH, targets_N = self._asked(model, self._train, rows, self._epoch)
        loss = projected_cross_entropy(states_NH, cast(Fills, model).projection, targets_N)
        return Outcome(loss * len(targets_N))

    @torch.inference_mode()
    def validate(self, model: nn.Module) -> dict[str, float]:
        nats = right = asked = 0.0
        projection = cast(Fills, model).projection
        for rows in batches_by_length(self._validation.lengths[:_VALIDATED].tolist()):
            states_NH, targets_N = self._asked(model, self._validation, rows, _VALIDATION)
            nats += float(projected_cross_entropy(states_NH, projection, targets_N)) * len(targets_N)
            right += float((projected_likeliest(states_NH, projection) == targets_N).sum())
            asked += len(targets_N)
        return {"loss": nats / asked, "accuracy": right / asked}

    def merit(self, measures: Mapping[str, float]) -> tuple[float, ...]:
        return (-measures["loss"],)

    def _asked(self, model: nn.Module, texts: EncodedTexts, rows: Rows, epoch: int) -> tuple[Tensor, Tensor]:
        """States [N, H] at the masked places of some texts, and the ids that are wanted there [N]."""
        tokens_BT, lengths_B, _ = texts.batch(rows)
        wanted_BT = np.full_like(tokens_BT, IGNORED)
        for number, (row, length) in enumerate(zip(rows, lengths_B.tolist(), strict=True)):
            masked = self._masking(tokens_BT[number, :length], epoch=epoch, row=row)
            wanted_BT[number, masked.places] = tokens_BT[number, masked.places]
            tokens_BT[number, masked.places] = masked.shown
        asked_BT = wanted_BT != IGNORED
        tokens, lengths, asked, targets_N = (
            torch.from_numpy(one).to(self._device) for one in (tokens_BT, lengths_B, asked_BT, wanted_BT[asked_BT])
        )
        return cast(Fills, model)(tokens, lengths, asked), targets_N
