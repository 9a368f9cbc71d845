"""Convolutions over a text: which short patterns occur, wherever they stand."""

from __future__ import annotations

from typing import Annotated, Literal

import torch
from torch import Tensor, nn

from wenlu.base.spec import Field
from wenlu.models.activations import ACTIVATIONS, Activation
from wenlu.models.initialisers import BeginsConfig, begin

_NEVER = -1e4  # below every answer
Width = Annotated[int, Field(ge=1, le=16)]


class TextCnn(nn.Module):
    """Filters of several widths slide over the ids; of each, the strongest answer anywhere counts.

    Kim 2014. A filter begins at every real id and reads zeros behind the last one, so a text shorter than a filter is
    read too, and padding changes nothing. B rows, T ids, E embedding, F filters a width, P pooled of them, C labels.
    """

    tasks = ("classify", "regress")

    class Config(BeginsConfig):
        embedding: int = Field(128, ge=1, le=4096, description="Size of a token vector")
        filters: int = Field(128, ge=1, le=4096, description="Filters of each width")
        widths: list[Width] = Field(default=[2, 3, 4], min_length=1, max_length=8, description="Ids a filter reads")
        activation: Activation = Field(
            "relu", exclude_if=lambda name: name == "relu", description="A row of the activations, for the answers"
        )
        pooling: Literal["max", "mean", "max_mean"] = Field(
            "max",
            exclude_if=lambda name: name == "max",
            description="What counts of a filter's answers: the strongest, the mean, or both beside each other",
        )
        dropout: float = Field(0.5, ge=0, lt=1, description="Share of activations dropped while training")

    def __init__(self, config: Config, *, vocabulary_size: int, labels: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary_size, config.embedding)
        nn.init.normal_(self.embedding.weight, std=0.1)
        self.filters = nn.ModuleList(nn.Conv1d(config.embedding, config.filters, width) for width in config.widths)
        self.activation = ACTIVATIONS[config.activation]
        self.pooling = config.pooling
        self.dropout = nn.Dropout(config.dropout)
        pooled = config.filters * (2 if config.pooling == "max_mean" else 1)
        self.output = nn.Linear(pooled * len(config.widths), labels)
        begin(self, config)

    def forward(self, tokens_BT: Tensor, lengths_B: Tensor) -> Tensor:
        real_B1T = (torch.arange(tokens_BT.size(1), device=tokens_BT.device) < lengths_B.unsqueeze(1)).unsqueeze(1)
        vectors_BET = self.dropout(self.embedding(tokens_BT)).transpose(1, 2) * real_B1T
        pooled = [self._pooled(self._answers(filters, vectors_BET), real_B1T) for filters in self.filters]
        logits_BC: Tensor = self.output(self.dropout(torch.cat(pooled, dim=1)))
        return logits_BC

    def _answers(self, filters: nn.Conv1d, vectors_BET: Tensor) -> Tensor:
        """What each filter makes of the window that begins at each id [B, F, T]."""
        behind = filters.kernel_size[0] - 1
        answers_BFT: Tensor = self.activation(filters(nn.functional.pad(vectors_BET, (0, behind))))
        return answers_BFT

    def _pooled(self, answers_BFT: Tensor, real_B1T: Tensor) -> Tensor:
        """What counts [B, P] of the answers in windows that begin at a real id."""
        strongest_BF = answers_BFT.masked_fill(~real_B1T, _NEVER).amax(2)
        if self.pooling == "max":
            return strongest_BF
        mean_BF = (answers_BFT * real_B1T).sum(2) / real_B1T.sum(2)
        return mean_BF if self.pooling == "mean" else torch.cat([strongest_BF, mean_BF], dim=1)
