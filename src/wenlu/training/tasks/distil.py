"""Texts into classes, learned from another model's answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from wenlu.training.encoded import EncodedTexts
from wenlu.training.losses import Loss
from wenlu.training.task import Outcome, Rows
from wenlu.training.tasks.classify import Classify

_LEAST = 1e-12  # below it a probability is as good as 0, and its logarithm no number


class Distil(Classify):
    """Ids in, one of C labels out, as a teacher answers (Hinton, Vinyals and Dean 2015).

    The loss of a text is weight · T² · KL(teacher || student), both at temperature T, and (1 - weight) of the usual
    loss where the text has a label: one without has the number -1. Validation is against true labels, as ever.
    """

    def __init__(
        self,
        train: EncodedTexts,
        validation: EncodedTexts,
        *,
        teacher: NDArray[np.float32],
        loss: Loss,
        temperature: float,
        weight: float,
        batch: int,
        seed: int,
        device: torch.device | None = None,
    ) -> None:
        """`teacher` are probabilities [N, C] of the training texts."""
        super().__init__(train, validation, loss=loss, batch=batch, seed=seed, device=device)
        self._teacher, self._temperature, self._share = teacher, temperature, weight

    def loss(self, model: nn.Module, rows: Rows) -> Outcome:
        tokens_BT, lengths_B, labels_B = (torch.from_numpy(one).to(self._device) for one in self._train.batch(rows))
        logits_BC: Tensor = model(tokens_BT, lengths_B).float()
        known_B = labels_B >= 0
        true_B = self._loss(logits_BC, labels_B.clamp(min=0)) * known_B
        taught_B = self._divergence(logits_BC, rows)
        right = ((logits_BC.argmax(1) == labels_B) & known_B).sum()
        return Outcome(((1 - self._share) * true_B + self._share * taught_B).sum(), {"accuracy": float(right)})

    def _divergence(self, logits_BC: Tensor, rows: Rows) -> Tensor:
        """T² · KL(teacher || student) of each text."""
        teacher_BC = torch.from_numpy(self._teacher[list(rows)]).to(logits_BC.device)
        told_BC = (teacher_BC.clamp(min=_LEAST).log() / self._temperature).log_softmax(1)
        said_BC = (logits_BC / self._temperature).log_softmax(1)
        divergence_B = nn.functional.kl_div(said_BC, told_BC, reduction="none", log_target=True).sum(1)
        return divergence_B * self._temperature**2


def open_teacher(path: Path, *, labels: int) -> NDArray[np.float32]:
    """Probabilities [N, C] that were written one text behind the other."""
    return np.memmap(path, dtype="<f4", mode="r").reshape(-1, labels)
