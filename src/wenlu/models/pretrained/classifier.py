"""Somebody else's network under a head of our own: texts into classes or a number."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from wenlu.base.errors import WenluError
from wenlu.models.pretrained.network import differs

_NEVER = -1e4  # below every state


class Classifier(nn.Module):
    """Ids in, one logit per label out, from the pooled states of a network at the real ids of each row.

    What reads from left to right never sees padding, which stands behind; what reads in both directions has it masked.
    B rows, T ids, H width, C labels.
    """

    head = ("output",)

    def __init__(self, network: nn.Module, *, labels: int, pooling: str, dropout: float, causal: bool) -> None:
        super().__init__()
        self.pooling = ("last" if causal else "first") if pooling == "auto" else pooling
        self.causal = causal
        self.part = network.base_model_prefix or "network"
        self.additive = network.config._attn_implementation == "eager"
        self.padding = min(max(network.config.pad_token_id or 0, 0), network.get_input_embeddings().num_embeddings - 1)
        self.add_module(self.part, network)
        self.dropout = nn.Dropout(dropout)
        width: int = network.config.hidden_size
        self.output = nn.Linear(width * (2 if self.pooling == "mean_max" else 1), labels)
        nn.init.normal_(self.output.weight, std=0.02)
        nn.init.zeros_(self.output.bias)

    @property
    def network(self) -> nn.Module:
        """The network below the head; its weights have the names that the library gives them."""
        return self.get_submodule(self.part)

    def forward(self, tokens_BT: Tensor, lengths_B: Tensor) -> Tensor:
        real_BT = torch.arange(tokens_BT.size(1), device=tokens_BT.device) < lengths_B.unsqueeze(1)
        # Some networks know padding by its id alone, and count places by it.
        tokens_BT = torch.where(real_BT, tokens_BT, self.padding)
        pooled_BP = self._pooled(self._states(tokens_BT, real_BT), real_BT, lengths_B)
        logits_BC: Tensor = self.output(self.dropout(pooled_BP))
        return logits_BC

    def _states(self, tokens_BT: Tensor, real_BT: Tensor) -> Tensor:
        how: dict[str, Any] = {"attention_mask": real_BT.long()}
        if self.causal:
            length = tokens_BT.size(1)
            before_TT = torch.ones(length, length, dtype=torch.bool, device=tokens_BT.device).tril()
            mask_B1TT = before_TT & real_BT[:, None, None, :]
            how = {"attention_mask": as_attention(mask_B1TT, additive=self.additive), "use_cache": False}
        states_BTH: Tensor = self.network(input_ids=tokens_BT, **how).last_hidden_state
        return states_BTH

    def _pooled(self, states_BTH: Tensor, real_BT: Tensor, lengths_B: Tensor) -> Tensor:
        """One state [B, P] of the real ones of each row."""
        if self.pooling == "first":
            return states_BTH[:, 0]
        if self.pooling == "last":
            last_B1H = (lengths_B - 1).view(-1, 1, 1).expand(-1, 1, states_BTH.size(2))
            return states_BTH.gather(1, last_B1H).squeeze(1)
        real_BT1 = real_BT.unsqueeze(2)
        mean_BH = (states_BTH * real_BT1).sum(1) / lengths_B.unsqueeze(1)
        if self.pooling == "mean":
            return mean_BH
        strongest_BH = states_BTH.masked_fill(~real_BT1, _NEVER).amax(1)
        return strongest_BH if self.pooling == "max" else torch.cat([mean_BH, strongest_BH], dim=1)


def as_attention(mask: Tensor, *, additive: bool) -> Tensor:
    """A mask of who is seen, as the library's way of attention takes it."""
    if not additive:
        return mask
    return torch.zeros(mask.shape, device=mask.device).masked_fill(~mask, torch.finfo(torch.float32).min)


@torch.inference_mode()
def try_classifier(model: Classifier, *, vocabulary_size: int) -> None:
    """Raises WenluError `unfit_architecture` if padding or another row changes a row's logits."""
    model.eval()
    row = torch.arange(1, 6) * 7 % vocabulary_size
    tokens_BT = torch.stack([torch.cat([row, row.flip(0)]), torch.arange(10) * 5 % vocabulary_size])
    among = model(tokens_BT, torch.tensor([5, 10]))[:1]
    if differs(model(row.unsqueeze(0), torch.tensor([5])), among):
        raise WenluError(
            "unfit_architecture",
            f"'{model.network.config.model_type}' answers otherwise where a text is padded, so it can't be served.",
            hint="Take another architecture, such as bert, roberta, qwen3 or llama.",
        )
