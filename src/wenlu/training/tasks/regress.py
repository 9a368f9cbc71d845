"""Texts into a number."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import nn

from wenlu.bundle.predict import batches_by_length
from wenlu.training.encoded import EncodedTexts
from wenlu.training.losses import Loss
from wenlu.training.task import Outcome, Rows
from wenlu.training.texts import WholeTexts


class Regress(WholeTexts):
    """Ids in, one number out: how far a text's target is from the mean of training, in standard deviations.

    The model learns the standardised target, so that one learning rate fits scores of 0 to 5 and prices in yen. The
    best round has the lowest squared error on validation.
    """

    def __init__(
        self,
        train: EncodedTexts,
        validation: EncodedTexts,
        *,
        loss: Loss,
        mean: float,
        deviation: float,
        batch: int,
        seed: int,
        device: torch.device | None = None,
    ) -> None:
        super().__init__(train, validation, batch=batch, seed=seed, device=device)
        self._loss = loss
        self._mean, self._deviation = mean, deviation

    def loss(self, model: nn.Module, rows: Rows) -> Outcome:
        return self._measured(model, self._train, rows)

    @torch.inference_mode()
    def validate(self, model: nn.Module) -> dict[str, float]:
        outcomes = [
            self._measured(model, self._validation, rows)
            for rows in batches_by_length(self._validation.lengths.tolist())
        ]
        error = sum(outcome.sums["error"] for outcome in outcomes) / len(self._validation)
        loss = sum(float(outcome.loss) for outcome in outcomes) / len(self._validation)
        return {"loss": loss, "error": error}

    def merit(self, measures: Mapping[str, float]) -> tuple[float, ...]:
        return (-measures["error"],)

    def _measured(self, model: nn.Module, texts: EncodedTexts, rows: Rows) -> Outcome:
        tokens, lengths, targets = texts.batch(rows)
        standard = ((targets - self._mean) / self._deviation).astype(np.float32)
        tokens_BT, lengths_B, targets_B = (
            torch.from_numpy(one).to(self._device) for one in (tokens, lengths, standard)
        )
        answers_B = model(tokens_BT, lengths_B).float().squeeze(1)
        error = (answers_B - targets_B).detach().square().sum() * self._deviation**2
        return Outcome(self._loss(answers_B, targets_B).sum(), {"error": float(error)})
