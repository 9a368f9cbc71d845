"""Convolutions over a text: which short patterns occur, wherever they stand."""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor, nn

from wenlu.base.spec import Field, Spec

Width = Annotated[int, Field(ge=1, le=16)]


class TextCnn(nn.Module):
    """Filters of several widths slide over the ids; of each, the strongest answer anywhere counts.

    Kim 2014. A filter begins at every real id and reads zeros behind the last one, so a text shorter than a filter is
    read too, and padding changes nothing. B rows, T ids, E embedding, F filters a width, C labels.
    """

    task = "classify"

    class Config(Spec):
        embedding: int = Field(128, ge=1, le=4096, description="Size of a token vector")
        filters: int = Field(128, ge=1, le=4096, description="Filters of each width")
        widths: list[Width] = Field(default=[2, 3, 4], min_length=1, max_length=8, description="Ids a filter reads")
        dropout: float = Field(0.5, ge=0, lt=1, description="Share of activations dropped while training")

    def __init__(self, config: Config, *, vocabulary_size: int, labels: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary_size, config.embedding)
        nn.init.normal_(self.embedding.weight, std=0.1)
        self.filters = nn.ModuleList(nn.Conv1d(config.embedding, config.filters, width) for width in config.widths)
        self.dropout = nn.Dropout(config.dropout)
        self.output = nn.Linear(config.filters * len(config.widths), labels)

    def forward(self, tokens_BT: Tensor, lengths_B: Tensor) -> Tensor:
        real_B1T = (torch.arange(tokens_BT.size(1), device=tokens_BT.device) < lengths_B.unsqueeze(1)).unsqueeze(1)
        vectors_BET = self.dropout(self.embedding(tokens_BT)).transpose(1, 2) * real_B1T
        strongest = [self._strongest(filters, vectors_BET, real_B1T) for filters in self.filters]
        logits_BC: Tensor = self.output(self.dropout(torch.cat(strongest, dim=1)))
        return logits_BC

    def _strongest(self, filters: nn.Conv1d, vectors_BET: Tensor, real_B1T: Tensor) -> Tensor:
        """The highest answer of each filter [B, F] among the windows that begin at a real id."""
        behind = filters.kernel_size[0] - 1
        answers_BFT = torch.relu(filters(nn.functional.pad(vectors_BET, (0, behind))))
        # relu's answers are never below 0, so a 0 where nothing begins can't win over one that something gave
        strongest_BF: Tensor = (answers_BFT * real_B1T).amax(2)
        return strongest_BF
