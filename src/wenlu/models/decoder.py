"""A decoder language model in the shape of Qwen3, so that its weights open wherever Qwen3's do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self, cast

import torch
from pydantic import model_validator
from torch import Tensor, nn
from torch.nn import functional

from wenlu.base.spec import Field, Spec

EPSILON = 1e-6  # in every root mean square
SPREAD = 0.02  # of initial weights

Size = Literal["1M", "3M", "5M", "10M", "50M", "100M", "350M", "1B"]


@dataclass(frozen=True, slots=True)
class Shape:
    """Every number of an architecture."""

    hidden: int
    layers: int
    heads: int
    kv_heads: int
    head: int
    intermediate: int

    @property
    def parameters(self) -> int:
        """Weights of all layers, without the token vectors and the few of the norms."""
        attention = 2 * self.hidden * self.head * (self.heads + self.kv_heads)
        return self.layers * (attention + 3 * self.hidden * self.intermediate)


# Widths are multiples of 64, which matrix units like. Names count what `Shape.parameters` counts, within a tenth.
SHAPES: dict[Size, Shape] = {
    "1M": Shape(hidden=128, layers=5, heads=4, kv_heads=2, head=32, intermediate=384),
    "3M": Shape(hidden=192, layers=8, heads=6, kv_heads=2, head=32, intermediate=512),
    "5M": Shape(hidden=256, layers=7, heads=4, kv_heads=2, head=64, intermediate=704),
    "10M": Shape(hidden=384, layers=6, heads=6, kv_heads=3, head=64, intermediate=1024),
    "50M": Shape(hidden=640, layers=11, heads=10, kv_heads=5, head=64, intermediate=1728),
    "100M": Shape(hidden=768, layers=16, heads=12, kv_heads=4, head=64, intermediate=2048),
    "350M": Shape(hidden=1024, layers=30, heads=16, kv_heads=8, head=64, intermediate=2816),
    "1B": Shape(hidden=2048, layers=21, heads=16, kv_heads=8, head=128, intermediate=5632),
}


class Decoder(nn.Module):
    """Ids in, at every place one logit for each id that may come next.

    RMS norms before each half of a layer, SwiGLU, rotary positions, grouped queries, norms of queries and keys
    (Yang et al. 2025, "Qwen3 Technical Report"). Parameters have the names and shapes of Qwen3ForCausalLM in
    transformers, and the same logits come of them. B rows, T ids, E hidden, H heads, K heads of keys, D head, V ids.
    """

    tasks = ("generate", "chat")
    gains_by_half = True

    class Config(Spec):
        size: Size = Field("10M", description="Parameters without token vectors; sets what is not set below")
        hidden: int | None = Field(None, ge=8, le=16_384, description="Size of a token's state")
        layers: int | None = Field(None, ge=1, le=128, description="Layers, one above the other")
        heads: int | None = Field(None, ge=1, le=128, description="Heads of queries")
        kv_heads: int | None = Field(None, ge=1, le=128, description="Heads of keys and values; divides heads")
        head: int | None = Field(None, ge=2, le=256, multiple_of=2, description="Size of a head")
        intermediate: int | None = Field(
            None, ge=8, le=65_536, description="Size of the middle of a layer's second half"
        )
        context: int = Field(512, ge=8, le=131_072, description="Ids it reads at most")
        rope_theta: float = Field(10_000.0, ge=100, le=1e9, description="Base of the rotary positions' wave lengths")
        tied: bool = Field(True, description="Token vectors serve as output weights too")

        @model_validator(mode="after")
        def _heads_are_shared_evenly(self) -> Self:
            shape = self.shape
            if shape.heads % shape.kv_heads:
                raise ValueError(f"heads = {shape.heads} can't be shared among kv_heads = {shape.kv_heads}")
            return self

        @property
        def shape(self) -> Shape:
            """The numbers of `size`, and what is set by hand in their place."""
            named = SHAPES[self.size]
            return Shape(
                hidden=self.hidden or named.hidden,
                layers=self.layers or named.layers,
                heads=self.heads or named.heads,
                kv_heads=self.kv_heads or named.kv_heads,
                head=self.head or named.head,
                intermediate=self.intermediate or named.intermediate,
            )

        def learning_rate(self) -> float:
            """Where to begin with AdamW: 3e-3 at a million parameters, falling by half for each eightfold size."""
            return 3e-3 * (self.shape.parameters / 1e6) ** (-1 / 3)

        def batch_tokens(self) -> int:
            """Ids a step to begin with: 4,096 at a million parameters, doubling for each eightfold size."""
            return 4096 * max(1, round((self.shape.parameters / 1e6) ** (1 / 3)))

        def suggested(self, *, length: int, adapter: bool = False) -> dict[str, Any]:
            """Settings of a training to begin with, on rows of `length` ids; an adapter takes the same."""
            optimizer = {"name": "adamw", "learning_rate": self.learning_rate(), "beta2": 0.95, "weight_decay": 0.1}
            return {
                "optimizer": optimizer,
                "schedule": {"name": "cosine", "warmup": 0.02, "floor": 0.1},
                "batch": max(1, self.batch_tokens() // length),
                "clip": 1.0,
            }

    def __init__(self, config: Config, *, vocabulary_size: int) -> None:
        super().__init__()
        self.config = config
        shape = config.shape
        self.model = _Body(shape, vocabulary_size)
        if not config.tied:
            self.lm_head = nn.Linear(shape.hidden, vocabulary_size, bias=False)
        self.register_buffer("waves_TD", _waves(config.context, shape.head, config.rope_theta), persistent=False)
        self.apply(_begin)
        for layer in self._layers():
            # A state is the sum of what all layers add, so each adds less the more there are (Radford et al. 2019).
            for last in (layer.self_attn.o_proj, layer.mlp.down_proj):
                nn.init.normal_(last.weight, std=SPREAD / (2 * shape.layers) ** 0.5)

    @property
    def projection(self) -> Tensor:
        """The output weights [V, E]: logits are states times them."""
        weight: Tensor = self.model.embed_tokens.weight if self.config.tied else self.lm_head.weight
        return weight

    def forward(self, tokens_BT: Tensor, documents_BT: Tensor | None = None) -> Tensor:
        """Logits [B, T, V]. An id sees itself and what stands before it, of its own document where they are given."""
        return functional.linear(self.states(tokens_BT, documents_BT), self.projection)

    def states(self, tokens_BT: Tensor, documents_BT: Tensor | None = None) -> Tensor:
        """What the output weights are applied to [B, T, E]: for losses that never hold all logits."""
        # Rotary positions know distances alone, so they need not begin anew with a document.
        mask_B1TT = None if documents_BT is None else _mask(documents_BT)
        turns = _turns(self.waves_TD[: tokens_BT.size(1)])
        states_BTE = self.model.embed_tokens(tokens_BT)
        for layer in self._layers():
            states_BTE = layer(states_BTE, turns, mask_B1TT)
        normed_BTE: Tensor = self.model.norm(states_BTE)
        return normed_BTE

    def compile_layers(self) -> None:
        """Let torch write each layer's steps anew as one program; needs a C++ compiler. Names of weights stay.

        A layer is compiled, not the whole, since all layers are alike: one compilation serves them all.
        """
        for layer in self._layers():
            layer.compile(dynamic=False)

    def reader(self) -> Callable[[Sequence[int]], Tensor]:
        """A fresh reading: ids that follow those read before → logits [V] of the id behind them.

        The first call takes any number of ids, each further one a single id. Past `context` ids the oldest half is
        forgotten, and the rest read again.
        """
        seen, read = Seen(), list[int]()

        def further(ids: Sequence[int]) -> Tensor:
            nonlocal seen, read
            read += ids
            if len(read) > self.config.context:
                seen, read = Seen(), read[-(self.config.context + 1) // 2 :]
                ids = read
            return self._next_logits(torch.tensor([list(ids)], device=self.projection.device), seen)[0]

        return further

    def _next_logits(self, tokens_BT: Tensor, seen: Seen) -> Tensor:
        """Logits [B, V] of what follows the last of `tokens_BT`; these follow what was `seen`, and are added to it."""
        begin = seen.length
        turns = _turns(self.waves_TD[begin : begin + tokens_BT.size(1)])
        states_BTE = self.model.embed_tokens(tokens_BT)
        for number, layer in enumerate(self._layers()):
            # not `layer(…)`: compiled layers would be compiled anew for each length
            states_BTE = layer.forward(states_BTE, turns, None, seen.layer(number))
        return functional.linear(self.model.norm(states_BTE[:, -1]), self.projection)

    def _layers(self) -> list[_Layer]:
        return cast("list[_Layer]", list(self.model.layers))


class _Body(nn.Module):
    """All but the output weights. Its parts' names are Qwen3's."""

    def __init__(self, shape: Shape, vocabulary_size: int) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(vocabulary_size, shape.hidden)
        self.layers = nn.ModuleList(_Layer(shape) for _ in range(shape.layers))
        self.norm = _norm(shape.hidden)


class _Layer(nn.Module):
    """Attention, then a gated network; each reads the normed state and adds to it."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.self_attn = _Attention(shape)
        self.mlp = _Gated(shape)
        self.input_layernorm = _norm(shape.hidden)
        self.post_attention_layernorm = _norm(shape.hidden)

    def forward(
        self, states_BTE: Tensor, turns: Turns, mask_B1TT: Tensor | None, seen: SeenByLayer | None = None
    ) -> Tensor:
        states_BTE = states_BTE + self.self_attn(self.input_layernorm(states_BTE), turns, mask_B1TT, seen)
        out_BTE: Tensor = states_BTE + self.mlp(self.post_attention_layernorm(states_BTE))
        return out_BTE


class _Attention(nn.Module):
    """Queries of several heads share keys and values (Ainslie et al. 2023)."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.head = shape.head
        self.q_proj = nn.Linear(shape.hidden, shape.heads * shape.head, bias=False)
        self.k_proj = nn.Linear(shape.hidden, shape.kv_heads * shape.head, bias=False)
        self.v_proj = nn.Linear(shape.hidden, shape.kv_heads * shape.head, bias=False)
        self.o_proj = nn.Linear(shape.heads * shape.head, shape.hidden, bias=False)
        self.q_norm = _norm(shape.head)
        self.k_norm = _norm(shape.head)

    def forward(self, states_BTE: Tensor, turns: Turns, mask_B1TT: Tensor | None, seen: SeenByLayer | None) -> Tensor:
        queries_BHTD = _turned(self.q_norm(self._by_head(self.q_proj(states_BTE))), turns).transpose(1, 2)
        keys_BKTD = _turned(self.k_norm(self._by_head(self.k_proj(states_BTE))), turns).transpose(1, 2)
        values_BKTD = self._by_head(self.v_proj(states_BTE)).transpose(1, 2)
        causal = mask_B1TT is None
        if seen is not None:
            causal = seen.keys is None  # one id behind all others sees them all
            keys_BKTD, values_BKTD = seen.add(keys_BKTD, values_BKTD)
        read_BHTD = functional.scaled_dot_product_attention(
            queries_BHTD, keys_BKTD, values_BKTD, mask_B1TT, is_causal=causal, enable_gqa=True
        )
        out_BTE: Tensor = self.o_proj(read_BHTD.transpose(1, 2).flatten(2))
        return out_BTE

    def _by_head(self, states: Tensor) -> Tensor:
        return states.unflatten(2, (-1, self.head))


class _Gated(nn.Module):
    """SwiGLU (Shazeer 2020)."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(shape.hidden, shape.intermediate, bias=False)
        self.up_proj = nn.Linear(shape.hidden, shape.intermediate, bias=False)
        self.down_proj = nn.Linear(shape.intermediate, shape.hidden, bias=False)

    def forward(self, states_BTE: Tensor) -> Tensor:
        out_BTE: Tensor = self.down_proj(functional.silu(self.gate_proj(states_BTE)) * self.up_proj(states_BTE))
        return out_BTE


@dataclass(slots=True)
class SeenByLayer:
    """Keys and values [B, K, T, D] of the ids that a layer has read."""

    keys: Tensor | None = None
    values: Tensor | None = None

    def add(self, keys_BKTD: Tensor, values_BKTD: Tensor) -> tuple[Tensor, Tensor]:
        """All so far, these behind the earlier ones."""
        if self.keys is not None and self.values is not None:
            keys_BKTD = torch.cat((self.keys, keys_BKTD), dim=2)
            values_BKTD = torch.cat((self.values, values_BKTD), dim=2)
        self.keys, self.values = keys_BKTD, values_BKTD
        return keys_BKTD, values_BKTD


class Seen:
    """What a decoder remembers of the ids it has read, so that none is read twice while it writes."""

    def __init__(self) -> None:
        self._layers: list[SeenByLayer] = []

    @property
    def length(self) -> int:
        """Ids read so far."""
        first = self._layers[0].keys if self._layers else None
        return 0 if first is None else first.size(2)

    def layer(self, number: int) -> SeenByLayer:
        while len(self._layers) <= number:
            self._layers.append(SeenByLayer())
        return self._layers[number]


Turns = tuple[Tensor, Tensor]
"""Cosine and sine [T, 1, D] of the angle that each place turns each pair of a head's numbers by."""


def _norm(size: int) -> nn.RMSNorm:
    return nn.RMSNorm(size, eps=EPSILON)


def _waves(context: int, head: int, theta: float) -> Tensor:
    """Angles [T, D]: of place t and pair i, t / theta^(2i / D) (Su et al. 2021)."""
    pace = 1.0 / theta ** (torch.arange(0, head, 2, dtype=torch.float32) / head)
    angles = torch.outer(torch.arange(context, dtype=torch.float32), pace)
    return torch.cat((angles, angles), dim=1)


def _turns(waves_TD: Tensor) -> Turns:
    return waves_TD.cos().unsqueeze(1), waves_TD.sin().unsqueeze(1)


def _turned(heads_BTHD: Tensor, turns: Turns) -> Tensor:
    """Each pair (i, i + D/2) of a head's numbers, turned by its place's angle."""
    cosine, sine = turns
    first, second = heads_BTHD.chunk(2, dim=-1)
    turned = heads_BTHD * cosine + torch.cat((-second, first), dim=-1) * sine
    return turned.to(heads_BTHD.dtype)


def _mask(documents_BT: Tensor) -> Tensor:
    """Who may see whom [B, 1, T, T]: nobody what comes later, or another document."""
    same_BTT = documents_BT.unsqueeze(2) == documents_BT.unsqueeze(1)
    return same_BTT.tril().unsqueeze(1)


def _begin(module: nn.Module) -> None:
    if isinstance(module, nn.Linear | nn.Embedding):
        nn.init.normal_(module.weight, std=SPREAD)
