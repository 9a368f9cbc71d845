"""A Transformer that reads a whole text at once, in both directions."""

from __future__ import annotations

import math
from typing import Literal, Self

import torch
from pydantic import model_validator
from torch import Tensor, nn

from wenlu.base.spec import Field
from wenlu.models.activations import ACTIVATIONS, Activation
from wenlu.models.initialisers import BeginsConfig, begin

_NEVER = -1e4  # below every state, and a weight of e to that is 0
_UNKNOWN = 1  # the id that the rows which learn from texts give to what they don't know
_SLOWEST = 10_000.0  # ids in which the slowest pair of a rotation goes round, over 2 pi


class EncoderConfig(BeginsConfig):
    """The shape of a backbone."""

    width: int = Field(192, ge=8, le=8192, description="Size of the state of a token")
    layers: int = Field(3, ge=1, le=64, description="Layers, one above the other")
    heads: int = Field(6, ge=1, le=128, description="Parts that the state is looked at in")
    feed_forward: Literal["swiglu", "gelu"] = Field("swiglu", description="What a layer computes at each place")
    activation: Activation | None = Field(
        None,
        exclude_if=lambda name: name is None,
        description="A row of the activations, for the feed-forward; left out: silu in swiglu, gelu in gelu",
    )
    inner: int = Field(384, ge=8, le=32_768, description="Size of the state inside the feed-forward")
    positions: Literal["rotary", "learned"] = Field("rotary", description="How it knows the order of ids")
    longest: int = Field(512, ge=1, le=65_536, description="Ids that learned positions know; rotary ones know any")
    norm: Literal["rms", "layer"] = Field("rms", description="How states are brought to one size")
    dropout: float = Field(0.1, ge=0, lt=1, description="Share of activations dropped inside, while training")

    @model_validator(mode="after")
    def _heads_fit(self) -> Self:
        pairs = 2 if self.positions == "rotary" else 1
        if self.width % (self.heads * pairs):
            raise ValueError(f"width {self.width} can't be divided into {self.heads} heads of {pairs} or a multiple")
        return self


class Backbone(nn.Module):
    """Ids in, the state of every id out. Vaswani et al. 2017, with norms ahead of each part (Xiong et al. 2020).

    B rows, T ids, H width, N heads, D = H / N.
    """

    def __init__(self, config: EncoderConfig, *, vocabulary_size: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary_size, config.width)
        nn.init.normal_(self.embedding.weight, std=1 / math.sqrt(config.width))
        self.positions = nn.Embedding(config.longest, config.width) if config.positions == "learned" else None
        if self.positions is not None:
            nn.init.normal_(self.positions.weight, std=1 / math.sqrt(config.width))
        self.scale = math.sqrt(config.width) / 2
        self.dropout = nn.Dropout(config.dropout)
        self.layers = nn.ModuleList(_Layer(config) for _ in range(config.layers))
        self.norm = _norm(config)

    def forward(self, tokens_BT: Tensor, lengths_B: Tensor) -> Tensor:
        places_T = torch.arange(tokens_BT.size(1), device=tokens_BT.device)
        states_BTH = self.embedding(tokens_BT)
        if self.positions is not None:
            # what stands behind the last place it knows is read as if it stood there
            states_BTH = states_BTH + self.positions(places_T.clamp(max=self.positions.num_embeddings - 1))
        states_BTH = self.dropout(states_BTH * self.scale)
        seen_B11T = (places_T < lengths_B.unsqueeze(1))[:, None, None, :]
        for layer in self.layers:
            states_BTH = layer(states_BTH, places_T, seen_B11T)
        return self.norm(states_BTH)


class EncoderFiller(nn.Module):
    """A backbone that learns to fill in masked ids (Devlin et al. 2019), with a head that nobody needs afterwards.

    The vectors of the ids are the output weights too. B rows, T ids, N places that are asked for, H width, V ids.
    """

    gains_by_half = True
    Config = EncoderConfig

    def __init__(self, config: EncoderConfig, *, vocabulary_size: int) -> None:
        super().__init__()
        self.backbone = Backbone(config, vocabulary_size=vocabulary_size)
        self.head = nn.Sequential(nn.Linear(config.width, config.width), nn.GELU(), _norm(config))
        begin(self, config)

    @property
    def projection(self) -> Tensor:
        """The output weights [V, H]: logits are states times them."""
        return self.backbone.embedding.weight

    def forward(self, tokens_BT: Tensor, lengths_B: Tensor, asked_BT: Tensor) -> Tensor:
        """The states [N, H] of the places that are asked for, row by row."""
        states_NH: Tensor = self.head(self.backbone(tokens_BT, lengths_B)[asked_BT])
        return states_NH


class Encoder(nn.Module):
    """Ids in, one logit per label out, from the states of a backbone at the real ids of each row.

    The backbone can be trained alone first, by `filler`, whose weights of `backbone` then load here. `pooling` makes
    one state of a row's: `first` id, `mean`, `max`, both beside each other (`mean_max`), or a learned weighted mean
    (`attention`). B rows, T ids, H width, P pooled, C labels.
    """

    tasks = ("classify", "regress")
    gains_by_half = True
    filler = EncoderFiller

    class Config(EncoderConfig):
        pooling: Literal["first", "mean", "max", "mean_max", "attention"] = Field(
            "mean_max", description="How states become one"
        )
        head_dropout: float = Field(0.3, ge=0, lt=1, description="Share of the pooled state dropped while training")
        unknown: float = Field(0.1, ge=0, lt=1, description="Share of the ids read as unknown while training")

    def __init__(self, config: Config, *, vocabulary_size: int, labels: int) -> None:
        super().__init__()
        self.pooling = config.pooling
        self.unknown = config.unknown
        self.backbone = Backbone(config, vocabulary_size=vocabulary_size)
        self.dropout = nn.Dropout(config.head_dropout)
        self.output = nn.Linear(config.width * (2 if config.pooling == "mean_max" else 1), labels)
        if config.pooling == "attention":
            self.attention = nn.Linear(config.width, 1, bias=False)
        begin(self, config)

    def hidden(self, tokens_BT: Tensor, lengths_B: Tensor) -> Tensor:
        """The state of every id [B, T, H]; what stands behind the last real id has a state of no meaning."""
        return self.backbone(tokens_BT, lengths_B)

    def forward(self, tokens_BT: Tensor, lengths_B: Tensor) -> Tensor:
        if self.training and self.unknown:
            lost_BT = torch.rand(tokens_BT.shape, device=tokens_BT.device) < self.unknown
            tokens_BT = tokens_BT.masked_fill(lost_BT, _UNKNOWN)
        pooled_BP = self._pooled(self.hidden(tokens_BT, lengths_B), lengths_B)
        logits_BC: Tensor = self.output(self.dropout(pooled_BP))
        return logits_BC

    def _pooled(self, states_BTH: Tensor, lengths_B: Tensor) -> Tensor:
        """One state [B, P] of the real ones of each row."""
        if self.pooling == "first":
            return states_BTH[:, 0]
        real_BT1 = (torch.arange(states_BTH.size(1), device=states_BTH.device) < lengths_B.unsqueeze(1)).unsqueeze(2)
        if self.pooling == "attention":
            shares_BT1 = self.attention(states_BTH).masked_fill(~real_BT1, _NEVER).softmax(1)
            return (states_BTH * shares_BT1).sum(1)
        mean_BH = (states_BTH * real_BT1).sum(1) / lengths_B.unsqueeze(1)
        if self.pooling == "mean":
            return mean_BH
        strongest_BH = states_BTH.masked_fill(~real_BT1, _NEVER).amax(1)
        return strongest_BH if self.pooling == "max" else torch.cat([mean_BH, strongest_BH], dim=1)


class _Layer(nn.Module):
    """Each id looks at all of its row, then thinks for itself."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        width, inner = config.width, config.inner
        self.heads = config.heads
        self.rotary = config.positions == "rotary"
        self.gated = config.feed_forward == "swiglu"
        self.activation = ACTIVATIONS[config.activation or ("silu" if self.gated else "gelu")]
        self.look_norm, self.think_norm = _norm(config), _norm(config)
        self.look = nn.Linear(width, 3 * width, bias=False)
        self.seen = nn.Linear(width, width, bias=False)
        self.think = nn.Linear(width, 2 * inner if self.gated else inner, bias=False)
        self.thought = nn.Linear(inner, width, bias=False)
        self.dropout = nn.Dropout(config.dropout)
        for into in (self.seen, self.thought):  # what is added to the stream begins small
            nn.init.normal_(into.weight, std=0.02)

    def forward(self, states_BTH: Tensor, places_T: Tensor, seen_B11T: Tensor) -> Tensor:
        states_BTH = states_BTH + self.dropout(self.seen(self._looked(states_BTH, places_T, seen_B11T)))
        inner_BTI = self.think(self.think_norm(states_BTH))
        if self.gated:
            gate_BTI, inner_BTI = inner_BTI.chunk(2, dim=2)
            inner_BTI = self.activation(gate_BTI) * inner_BTI
        else:
            inner_BTI = self.activation(inner_BTI)
        result_BTH: Tensor = states_BTH + self.dropout(self.thought(inner_BTI))
        return result_BTH

    def _looked(self, states_BTH: Tensor, places_T: Tensor, seen_B11T: Tensor) -> Tensor:
        parts = self.look(self.look_norm(states_BTH)).chunk(3, dim=2)
        query_BNTD, key_BNTD, value_BNTD = (part.unflatten(2, (self.heads, -1)).transpose(1, 2) for part in parts)
        if self.rotary:
            query_BNTD, key_BNTD = _rotated(query_BNTD, places_T), _rotated(key_BNTD, places_T)
        looked_BNTD = nn.functional.scaled_dot_product_attention(query_BNTD, key_BNTD, value_BNTD, attn_mask=seen_B11T)
        looked_BTH: Tensor = looked_BNTD.transpose(1, 2).flatten(2)
        return looked_BTH


def _rotated(part_BNTD: Tensor, places_T: Tensor) -> Tensor:
    """Each pair turned by its place times its own speed, so that products see distances (Su et al. 2021)."""
    half = part_BNTD.size(3) // 2
    speeds = _SLOWEST ** (-torch.arange(half, device=places_T.device, dtype=torch.float32) / half)
    angles_TD = places_T.unsqueeze(1) * speeds
    cosine, sine = angles_TD.cos().to(part_BNTD.dtype), angles_TD.sin().to(part_BNTD.dtype)
    one, other = part_BNTD[..., :half], part_BNTD[..., half:]
    return torch.cat([one * cosine - other * sine, one * sine + other * cosine], dim=3)


def _norm(config: EncoderConfig) -> nn.Module:
    return nn.RMSNorm(config.width) if config.norm == "rms" else nn.LayerNorm(config.width)
