"""What tasks over whole texts have in common: a text is a row, and a step takes texts of similar length."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from wenlu.training.batches import epoch_batches
from wenlu.training.encoded import EncodedTexts
from wenlu.training.task import Rows


class WholeTexts:
    """Training and validation texts, read `batch` at a time in an order that `seed` and the epoch decide."""

    unit = "texts"

    def __init__(
        self, train: EncodedTexts, validation: EncodedTexts, *, batch: int, seed: int, device: torch.device | None
    ) -> None:
        self._train, self._validation = train, validation
        self._batch, self._seed, self._device = batch, seed, device
        self._lengths = train.lengths

    def batches(self, epoch: int) -> Sequence[Rows]:
        return epoch_batches(self._lengths, size=self._batch, seed=self._seed, epoch=epoch)

    def weight(self, rows: Rows) -> int:
        return len(rows)

    def tokens(self, rows: Rows) -> int:
        return len(rows) * int(self._lengths[list(rows)].max())
