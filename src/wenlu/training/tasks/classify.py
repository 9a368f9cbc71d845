"""Texts into classes."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from wenlu.bundle.predict import batches_by_length
from wenlu.training.encoded import EncodedTexts
from wenlu.training.losses import Loss
from wenlu.training.task import Outcome, Rows
from wenlu.training.texts import WholeTexts


class Classify(WholeTexts):
    """Ids in, one of C labels out. The best round is the one most accurate on validation, then of the lowest loss."""

    def __init__(
        self,
        train: EncodedTexts,
        validation: EncodedTexts,
        *,
        loss: Loss,
        batch: int,
        seed: int,
        device: torch.device | None = None,
    ) -> None:
        super().__init__(train, validation, batch=batch, seed=seed, device=device)
        self._loss = loss

    def loss(self, model: nn.Module, rows: Rows) -> Outcome:
        return self._measured(model, self._train, rows)

    @torch.inference_mode()
    def validate(self, model: nn.Module) -> dict[str, float]:
        loss = right = 0.0
        for rows in batches_by_length(self._validation.lengths.tolist()):
            outcome = self._measured(model, self._validation, rows)
            loss += float(outcome.loss)
            right += outcome.sums["accuracy"]
        return {"loss": loss / len(self._validation), "accuracy": right / len(self._validation)}

    def merit(self, measures: Mapping[str, float]) -> tuple[float, ...]:
        return measures["accuracy"], -measures["loss"]

    def _measured(self, model: nn.Module, texts: EncodedTexts, rows: Rows) -> Outcome:
        tokens_BT, lengths_B, labels_B = (torch.from_numpy(one).to(self._device) for one in texts.batch(rows))
        logits_BC: Tensor = model(tokens_BT, lengths_B).float()
        right = (logits_BC.argmax(1) == labels_B).sum()
        return Outcome(self._loss(logits_BC, labels_B).sum(), {"accuracy": float(right)})
