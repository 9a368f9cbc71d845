"""Two texts compared: how well each piece of one finds its like in the other."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from wenlu.base.spec import Field, Spec

_NOWHERE = -1
_LEAST = 1e-6


class Pair(nn.Module):
    """A row is two texts with a separator between. Every id, and every window of ids, looks for the one most like it in
    the other text; how alike those are, weighted by learned weights of the ids, and the means of both texts go through
    one hidden layer.

    Late interaction as in ColBERT (Khattab and Zaharia 2020), with the comparison of two means as in InferSent (Conneau
    et al. 2017). The separator's id is a buffer, so it travels with the weights; a row without one is a first text with
    nothing behind. B rows, T ids, E embedding, H hidden, C labels, K levels (ids, windows).
    """

    tasks = ("classify", "regress")
    compares = True

    class Config(Spec):
        embedding: int = Field(64, ge=1, le=1024, description="Size of a token vector")
        window: int = Field(3, ge=1, le=9, description="Ids of a window; an odd number, 1 leaves windows out")
        hidden: int = Field(64, ge=1, le=4096, description="Size of the hidden layer")
        dropout: float = Field(0.3, ge=0, lt=1, description="Share of activations dropped while training")

    def __init__(self, config: Config, *, vocabulary_size: int, labels: int, separator: int = _NOWHERE) -> None:
        super().__init__()
        self.register_buffer("separator", torch.tensor(separator))
        self.embedding = nn.Embedding(vocabulary_size, config.embedding)
        nn.init.normal_(self.embedding.weight, std=0.3)
        self.weight = nn.Embedding(vocabulary_size, 1)
        nn.init.zeros_(self.weight.weight)
        around = config.window // 2
        self.windows = nn.Conv1d(config.embedding, config.embedding, 2 * around + 1, padding=around) if around else None
        levels = 2 if around else 1
        self.dropout = nn.Dropout(config.dropout)
        self.hidden = nn.Linear(levels * (4 + 2 * config.embedding), config.hidden)
        self.output = nn.Linear(config.hidden, labels)

    def forward(self, tokens_BT: Tensor, lengths_B: Tensor) -> Tensor:
        real_BT = torch.arange(tokens_BT.size(1), device=tokens_BT.device) < lengths_B.unsqueeze(1)
        between_BT = tokens_BT == self.separator
        behind_BT = between_BT.long().cumsum(1) > 0
        first_BT, second_BT = real_BT & ~behind_BT, real_BT & behind_BT & ~between_BT
        weights_BT = self.weight(tokens_BT).squeeze(2).exp()
        vectors_BTE = self.embedding(tokens_BT) * real_BT.unsqueeze(2)
        # The same places are dropped in both texts: else no id is quite like itself in training, and when it answers
        # everything is more alike than it has learned.
        vectors_BTE = vectors_BTE * self.dropout(torch.ones_like(vectors_BTE[:, :1]))
        levels = [self._compared(vectors_BTE, weights_BT, first_BT, second_BT)]
        if self.windows is not None:
            windows_BTE = torch.tanh(self.windows(vectors_BTE.transpose(1, 2))).transpose(1, 2)
            levels.append(self._compared(windows_BTE, weights_BT, first_BT, second_BT))
        hidden_BH = torch.relu(self.hidden(torch.cat(levels, dim=1)))
        logits_BC: Tensor = self.output(self.dropout(hidden_BH))
        return logits_BC

    def _compared(self, vectors_BTE: Tensor, weights_BT: Tensor, first_BT: Tensor, second_BT: Tensor) -> Tensor:
        """What the two texts have in common at one level [B, 4 + 2E]."""
        unit_BTE = nn.functional.normalize(vectors_BTE, dim=2)
        other_BTT = (first_BT.unsqueeze(2) & second_BT.unsqueeze(1)) | (second_BT.unsqueeze(2) & first_BT.unsqueeze(1))
        likeness_BTT = (unit_BTE @ unit_BTE.transpose(1, 2)).masked_fill(~other_BTT, -1.0)
        best_BT1 = likeness_BTT.amax(2).unsqueeze(2)
        shares = [_shares(weights_BT, half_BT) for half_BT in (first_BT, second_BT)]
        found_B1, refound_B1 = (_mean(best_BT1, share_BT) for share_BT in shares)
        mean_BE, other_BE = (_mean(vectors_BTE, share_BT) for share_BT in shares)
        alike_B1 = nn.functional.cosine_similarity(mean_BE, other_BE, dim=1).unsqueeze(1)
        numbers = [found_B1, refound_B1, torch.minimum(found_B1, refound_B1), alike_B1]
        return torch.cat([*numbers, (mean_BE - other_BE).abs(), mean_BE * other_BE], dim=1)


def _shares(weights_BT: Tensor, half_BT: Tensor) -> Tensor:
    """The weights of one half, adding up to 1; nothing where it is empty."""
    inside_BT = weights_BT * half_BT
    return inside_BT / (inside_BT.sum(1, keepdim=True) + _LEAST)


def _mean(values_BTE: Tensor, shares_BT: Tensor) -> Tensor:
    return (values_BTE * shares_BT.unsqueeze(2)).sum(1)
