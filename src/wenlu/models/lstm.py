"""Long short-term memory, read in one direction or in both."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from wenlu.base.spec import Field
from wenlu.models.initialisers import BeginsConfig, begin

_NEVER = -1e4  # below every state, and a weight of e to that is 0


class Lstm(nn.Module):
    """Ids in, one logit per label out, from the states at the real ids of each row.

    Hochreiter and Schmidhuber 1997; dropout between layers only, as Zaremba et al. 2014. Read in both directions, two
    stacks see the row, one from its end; they meet above the top layer (Peters et al. 2018). `pooling` makes one state
    of a row's: `last` is where each direction ended, `attention` a learned weighted mean (Yang et al. 2016).
    B rows, T ids, E embedding, H hidden, S states of all directions, C labels.
    """

    tasks = ("classify", "regress")

    class Config(BeginsConfig):
        embedding: int = Field(128, ge=1, le=4096, description="Size of a token vector")
        hidden: int = Field(128, ge=1, le=4096, description="Size of the state of a layer, in each direction")
        layers: int = Field(2, ge=1, le=8, description="Layers, one above the other")
        bidirectional: bool = Field(False, description="Whether a second stack reads from the end")
        pooling: Literal["last", "max", "mean", "attention"] = Field("last", description="How states become one")
        dropout: float = Field(0.5, ge=0, lt=1, description="Share of activations dropped while training")

    def __init__(self, config: Config, *, vocabulary_size: int, labels: int) -> None:
        super().__init__()
        self.pooling = config.pooling
        self.embedding = nn.Embedding(vocabulary_size, config.embedding)
        nn.init.normal_(self.embedding.weight, std=0.1)
        self.layers = _stack(config)
        self.dropout = nn.Dropout(config.dropout)
        states = config.hidden * (2 if config.bidirectional else 1)
        self.output = nn.Linear(states, labels)
        self.backwards = _stack(config) if config.bidirectional else None
        if config.pooling == "attention":
            self.attention = nn.Sequential(nn.Linear(states, states), nn.Tanh(), nn.Linear(states, 1, bias=False))
        begin(self, config)

    def forward(self, tokens_BT: Tensor, lengths_B: Tensor) -> Tensor:
        vectors_BTE = self.dropout(self.embedding(tokens_BT))
        # It reads left to right, so padding behind the last real id can't have touched a state before it.
        forwards_BTH, _ = self.layers(vectors_BTE)
        if self.backwards is None:
            states_BTS, ends = forwards_BTH, [forwards_BTH]
        else:
            order_BT = _from_the_end(tokens_BT, lengths_B)
            backwards_BTH, _ = self.backwards(_in_order(vectors_BTE, order_BT))
            states_BTS = torch.cat([forwards_BTH, _in_order(backwards_BTH, order_BT)], dim=2)
            ends = [forwards_BTH, backwards_BTH]
        if self.pooling == "last":
            pooled_BS = torch.cat([_last(states_BTH, lengths_B) for states_BTH in ends], dim=1)
        else:
            pooled_BS = self._pooled(states_BTS, lengths_B)
        logits_BC: Tensor = self.output(self.dropout(pooled_BS))
        return logits_BC

    def _pooled(self, states_BTS: Tensor, lengths_B: Tensor) -> Tensor:
        """One state [B, S] of the real ones of each row."""
        real_BT1 = (torch.arange(states_BTS.size(1), device=states_BTS.device) < lengths_B.unsqueeze(1)).unsqueeze(2)
        if self.pooling == "max":
            return states_BTS.masked_fill(~real_BT1, _NEVER).amax(1)
        if self.pooling == "mean":
            return (states_BTS * real_BT1).sum(1) / lengths_B.unsqueeze(1)
        shares_BT1 = self.attention(states_BTS).masked_fill(~real_BT1, _NEVER).softmax(1)
        return (states_BTS * shares_BT1).sum(1)


def _stack(config: Lstm.Config) -> nn.LSTM:
    between = config.dropout if config.layers > 1 else 0.0
    return nn.LSTM(config.embedding, config.hidden, config.layers, batch_first=True, dropout=between)


def _from_the_end(tokens_BT: Tensor, lengths_B: Tensor) -> Tensor:
    """Of each row, the places of its real ids from the last to the first; padding stays where it is."""
    places_BT = torch.arange(tokens_BT.size(1), device=tokens_BT.device).expand_as(tokens_BT)
    mirrored_BT = lengths_B.unsqueeze(1) - 1 - places_BT
    return torch.where(mirrored_BT >= 0, mirrored_BT, places_BT)


def _in_order(vectors_BTE: Tensor, order_BT: Tensor) -> Tensor:
    return vectors_BTE.gather(1, order_BT.unsqueeze(2).expand(-1, -1, vectors_BTE.size(2)))


def _last(states_BTH: Tensor, lengths_B: Tensor) -> Tensor:
    """The state [B, H] after the last real id."""
    last_B1H = (lengths_B - 1).view(-1, 1, 1).expand(-1, 1, states_BTH.size(2))
    return states_BTH.gather(1, last_B1H).squeeze(1)
