"""Somebody else's decoder, with the protocol of ours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import torch
from torch import Tensor, nn
from torch.nn import functional

from wenlu.base.errors import WenluError
from wenlu.models.pretrained.classifier import as_attention
from wenlu.models.pretrained.library import quietly
from wenlu.models.pretrained.network import differs


class Generator(nn.Module):
    """Ids in, at every place one logit for each id that may come next. Weights have the library's names.

    Places are counted anew in each document, so a network that knows places by number reads it as if it stood alone.
    B rows, T ids, E hidden, V ids.
    """

    head = ()

    def __init__(self, causal: nn.Module, *, context: int) -> None:
        super().__init__()
        self.context = context
        self.kind = type(causal).__name__
        self.additive = causal.config._attn_implementation == "eager"
        self.part = causal.base_model_prefix
        body, out = causal.base_model, causal.get_output_embeddings()
        self.tied = out is None or out.weight is body.get_input_embeddings().weight
        self.add_module(self.part, body)
        if not self.tied:
            self.out = next(name for name, module in causal.named_children() if module is out)
            self.add_module(self.out, out)

    @property
    def network(self) -> nn.Module:
        """All but the output weights."""
        return self.get_submodule(self.part)

    @property
    def projection(self) -> Tensor:
        """The output weights [V, E]: logits are states times them."""
        module = self.network.get_input_embeddings() if self.tied else self.get_submodule(self.out)
        weight: Tensor = module.weight
        return weight

    def forward(self, tokens_BT: Tensor, documents_BT: Tensor | None = None) -> Tensor:
        """Logits [B, T, V]. An id sees itself and what stands before it, of its own document where they are given."""
        return functional.linear(self.states(tokens_BT, documents_BT), self.projection)

    def states(self, tokens_BT: Tensor, documents_BT: Tensor | None = None) -> Tensor:
        """What the output weights are applied to [B, T, E]: for losses that never hold all logits."""
        apart: dict[str, Tensor] = {}
        if documents_BT is not None:
            mask_B1TT = (documents_BT.unsqueeze(2) == documents_BT.unsqueeze(1)).tril().unsqueeze(1)
            apart = {
                "attention_mask": as_attention(mask_B1TT, additive=self.additive),
                "position_ids": _places(documents_BT),
            }
        states_BTE: Tensor = self.network(input_ids=tokens_BT, use_cache=False, **apart).last_hidden_state
        return states_BTE

    def reader(self) -> Callable[[Sequence[int]], Tensor]:
        """A fresh reading: ids that follow those read before → logits [V] of the id behind them.

        Past `context` ids the oldest half is forgotten, and the rest read again.
        """
        from transformers import DynamicCache

        seen, read = DynamicCache(config=self.network.config), list[int]()

        def further(ids: Sequence[int]) -> Tensor:
            nonlocal seen, read
            read += ids
            if len(read) > self.context:
                seen, read = DynamicCache(config=self.network.config), read[-(self.context + 1) // 2 :]
                ids = read
            tokens_BT = torch.tensor([list(ids)], device=self.projection.device)
            states_BTE = self.network(input_ids=tokens_BT, past_key_values=seen, use_cache=True).last_hidden_state
            return functional.linear(states_BTE[0, -1], self.projection)

        return further

    def huggingface_config(self) -> dict[str, Any]:
        """`config.json` of a folder that opens as what it was."""
        with quietly():
            said: dict[str, Any] = msgspec.json.decode(self.network.config.to_json_string(use_diff=False))
        kept = {name: value for name, value in said.items() if not name.startswith("_")}
        return {**kept, "architectures": [self.kind], "dtype": "float32"}


def _places(documents_BT: Tensor) -> Tensor:
    """Of each id, how many of its document stand before it; a document is a run of one number."""
    places_BT = torch.arange(documents_BT.size(1), device=documents_BT.device).expand_as(documents_BT)
    begins_BT = torch.ones_like(documents_BT, dtype=torch.bool)
    begins_BT[:, 1:] = documents_BT[:, 1:] != documents_BT[:, :-1]
    firsts_BT = torch.where(begins_BT, places_BT, 0).cummax(1).values
    return places_BT - firsts_BT


@torch.inference_mode()
def try_generator(model: Generator, causal: nn.Module) -> None:
    """Raises WenluError `unfit_architecture` if its logits are not states times output weights, or if documents in one
    row see each other."""
    model.eval()
    causal.eval()
    vocabulary_size = model.projection.size(0)
    tokens_BT = (torch.arange(1, 13) * 7 % vocabulary_size).unsqueeze(0)
    documents_BT = torch.tensor([[0] * 5 + [1] * 7])
    kind = causal.config.model_type
    if differs(causal(input_ids=tokens_BT, use_cache=False).logits, model(tokens_BT)):
        raise _unfit(f"'{kind}' does more with its states than to multiply them by output weights.")
    if differs(model(tokens_BT[:, 5:]), model(tokens_BT, documents_BT)[:, 5:]):
        raise _unfit(f"'{kind}' can't keep texts in one row apart.")


def _unfit(sentence: str) -> WenluError:
    return WenluError("unfit_architecture", sentence, hint="Take another, such as qwen3, qwen2, llama or gpt2.")
