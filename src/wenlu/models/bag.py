"""A bag of hashed n-grams: trains in seconds, and many a network loses to it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from wenlu.base.spec import Field
from wenlu.models.initialisers import BeginsConfig, begin

_FIELD = (1 << 31) - 1  # a prime; keeps every product below 2**63
_GROWN, _TOKEN, _SPREAD = 1_000_003, 8_191, 40_503


class Bag(nn.Module):
    """The mean of the vectors of all n-grams of a row, then a linear layer. Order beyond n is ignored.

    fastText's idea (Joulin et al. 2016): n-grams share `buckets` vectors by a hash of their ids. The hash is
    arithmetic on ids, so the exported form computes it too. B rows, T ids, E embedding, C labels.
    """

    tasks = ("classify", "regress")

    class Config(BeginsConfig):
        embedding: int = Field(32, ge=1, le=1024, description="Size of an n-gram vector")
        ngrams: int = Field(3, ge=1, le=6, description="Longest n-gram, in ids")
        buckets: int = Field(1 << 17, ge=256, le=1 << 24, description="Vectors that the n-grams share")
        dropout: float = Field(0.3, ge=0, lt=1, description="Share of the mean dropped while training")

    def __init__(self, config: Config, *, vocabulary_size: int, labels: int) -> None:
        super().__init__()
        self.ngrams = config.ngrams
        self.buckets = config.buckets
        self.vectors = nn.Embedding(config.buckets, config.embedding)
        self.dropout = nn.Dropout(config.dropout)
        self.output = nn.Linear(config.embedding, labels)
        nn.init.normal_(self.vectors.weight, std=0.1)
        begin(self, config)

    def forward(self, tokens_BT: Tensor, lengths_B: Tensor) -> Tensor:
        positions_T = torch.arange(tokens_BT.size(1), device=tokens_BT.device)
        hashes_BT = torch.zeros_like(tokens_BT)
        total_BE = torch.zeros((), dtype=self.vectors.weight.dtype, device=tokens_BT.device)
        for n in range(1, self.ngrams + 1):
            # The n-gram that ends at t is the one of n-1 ids that ends before t, and the id at t.
            shorter_BT = nn.functional.pad(hashes_BT, (1, 0))[:, :-1]
            hashes_BT = (shorter_BT * _GROWN + tokens_BT * _TOKEN + n) % _FIELD
            inside_BT = (positions_T >= n - 1) & (positions_T < lengths_B.unsqueeze(1))
            vectors_BTE = self.vectors(hashes_BT * _SPREAD % _FIELD % self.buckets)
            total_BE = total_BE + (vectors_BTE * inside_BT.unsqueeze(2)).sum(1)
        grams_B = sum((lengths_B - n + 1).clamp(min=0) for n in range(1, self.ngrams + 1))
        mean_BE = total_BE / grams_B.unsqueeze(1)
        logits_BC: Tensor = self.output(self.dropout(mean_BE))
        return logits_BC
