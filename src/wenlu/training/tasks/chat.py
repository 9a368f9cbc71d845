"""Answers foretold: each id of an answer from the conversation before it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from wenlu.text.chat.turns import Turns
from wenlu.training.conversations import PackedConversations
from wenlu.training.encoded import EncodedTexts
from wenlu.training.settings import PackingConfig
from wenlu.training.task import Rows
from wenlu.training.tasks.foretold import Foretold


class Chat(Foretold):
    """Rows of packed conversations; the loss is the mean over the ids of answers, and of the marks that end them, of
    -ln p(id | those before it in its conversation). What others say is read, and not learned.

    The best round foretells the answers of validation best. `perplexity` is e to the loss, by token.
    """

    unit = "answer tokens"

    def __init__(
        self,
        train: EncodedTexts,
        validation: EncodedTexts,
        *,
        packing: PackingConfig,
        turns: Turns,
        batch: int,
        seed: int,
        device: torch.device | None = None,
    ) -> None:
        super().__init__(PackedConversations(validation, packing, turns), length=packing.length, device=device)
        self._rows = PackedConversations(train, packing, turns)
        self._batch, self._seed = batch, seed

    @property
    def rows(self) -> PackedConversations:
        return self._rows

    def batches(self, epoch: int) -> Sequence[Rows]:
        order = np.random.default_rng([self._seed, epoch]).permutation(len(self._rows))
        return [order[start : start + self._batch].tolist() for start in range(0, len(order), self._batch)]

    def weight(self, rows: Rows) -> int:
        return self._rows.answers(rows)
