"""A Transformer from text to text: one half reads the source in both directions, the other writes the target."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self, cast

import torch
from pydantic import model_validator
from torch import Tensor, nn
from torch.nn import functional

from wenlu.base.spec import Field, Spec

SPREAD = 0.02  # of initial weights

Size = Literal["1M", "3M", "5M", "10M", "30M", "50M", "100M", "300M"]


@dataclass(frozen=True, slots=True)
class Shape:
    """Every number of an architecture."""

    hidden: int
    encoder_layers: int
    decoder_layers: int
    heads: int
    intermediate: int

    @property
    def parameters(self) -> int:
        """Weights of all layers, without the token vectors and the few of the norms."""
        looks = self.encoder_layers + 2 * self.decoder_layers
        thinks = self.encoder_layers + self.decoder_layers
        return looks * 4 * self.hidden**2 + thinks * 3 * self.hidden * self.intermediate


# Names count what `Shape.parameters` counts, within a tenth.
SHAPES: dict[Size, Shape] = {
    "1M": Shape(hidden=128, encoder_layers=2, decoder_layers=2, heads=4, intermediate=384),
    "3M": Shape(hidden=192, encoder_layers=3, decoder_layers=3, heads=6, intermediate=512),
    "5M": Shape(hidden=256, encoder_layers=3, decoder_layers=3, heads=4, intermediate=640),
    "10M": Shape(hidden=320, encoder_layers=4, decoder_layers=3, heads=5, intermediate=896),
    "30M": Shape(hidden=512, encoder_layers=4, decoder_layers=4, heads=8, intermediate=1408),
    "50M": Shape(hidden=512, encoder_layers=8, decoder_layers=6, heads=8, intermediate=1408),
    "100M": Shape(hidden=768, encoder_layers=6, decoder_layers=6, heads=12, intermediate=2048),
    "300M": Shape(hidden=1024, encoder_layers=10, decoder_layers=10, heads=16, intermediate=2816),
}


class Seq2seq(nn.Module):
    """Ids of a source in; at every place of its target, one logit for each id that may come next.

    Vaswani et al. 2017 with norms ahead of each part (Xiong et al. 2020), RMS norms, SwiGLU (Shazeer 2020) and rotary
    positions (Su et al. 2021), so that a text may be of any length. Source and target share their token vectors, which
    are the output weights too (Press and Wolf 2017). B rows, S ids of a source, T of a target, E hidden, H heads, D
    head, V ids.
    """

    tasks = ("seq2seq", "autoencode")
    gains_by_half = True

    class Config(Spec):
        size: Size = Field("3M", description="Parameters without token vectors; sets what is not set below")
        hidden: int | None = Field(None, ge=8, le=16_384, description="Size of a token's state")
        encoder_layers: int | None = Field(None, ge=1, le=128, description="Layers that read the source")
        decoder_layers: int | None = Field(None, ge=1, le=128, description="Layers that write the target")
        heads: int | None = Field(None, ge=1, le=128, description="Parts that a state is looked at in")
        intermediate: int | None = Field(None, ge=8, le=65_536, description="Size of the middle of a layer's last part")
        dropout: float = Field(0.1, ge=0, lt=1, description="Share of activations dropped while training")
        rope_theta: float = Field(10_000.0, ge=100, le=1e9, description="Base of the rotary positions' wave lengths")

        @model_validator(mode="after")
        def _heads_fit(self) -> Self:
            shape = self.shape
            if shape.hidden % (2 * shape.heads):
                raise ValueError(f"hidden = {shape.hidden} can't be divided into heads = {shape.heads} of pairs")
            return self

        @property
        def shape(self) -> Shape:
            """The numbers of `size`, and what is set by hand in their place."""
            named = SHAPES[self.size]
            return Shape(
                hidden=self.hidden or named.hidden,
                encoder_layers=self.encoder_layers or named.encoder_layers,
                decoder_layers=self.decoder_layers or named.decoder_layers,
                heads=self.heads or named.heads,
                intermediate=self.intermediate or named.intermediate,
            )

        def learning_rate(self) -> float:
            """Where to begin with AdamW: 2e-3 at a million parameters, falling by half for each eightfold size."""
            return 2e-3 * (self.shape.parameters / 1e6) ** (-1 / 3)

        def suggested(self) -> dict[str, Any]:
            """Settings of a training to begin with."""
            optimizer = {"name": "adamw", "learning_rate": self.learning_rate(), "beta2": 0.98, "weight_decay": 0.01}
            return {
                "optimizer": optimizer,
                "schedule": {"name": "cosine", "warmup": 0.05, "floor": 0.05},
                "clip": 1.0,
            }

    def __init__(self, config: Config, *, vocabulary_size: int) -> None:
        super().__init__()
        shape = config.shape
        self.embedding = nn.Embedding(vocabulary_size, shape.hidden)
        self.encoder = nn.ModuleList(_Reads(shape, config.dropout) for _ in range(shape.encoder_layers))
        self.decoder = nn.ModuleList(_Writes(shape, config.dropout) for _ in range(shape.decoder_layers))
        self.read_norm, self.written_norm = nn.RMSNorm(shape.hidden), nn.RMSNorm(shape.hidden)
        self.dropout = nn.Dropout(config.dropout)
        self.scale = shape.hidden**0.5
        half = shape.hidden // shape.heads // 2
        paces_D = config.rope_theta ** (-torch.arange(half, dtype=torch.float32) / half)
        self.register_buffer("paces_D", paces_D, persistent=False)
        self.apply(_begin)
        for half_of_it in (self.encoder, self.decoder):
            # A state is the sum of what all layers add, so each adds less the more there are (Radford et al. 2019).
            for name, weight in half_of_it.named_parameters():
                if name.endswith("into.weight"):
                    nn.init.normal_(weight, std=SPREAD / (2 * len(half_of_it)) ** 0.5)

    @property
    def projection(self) -> Tensor:
        """The output weights [V, E]: logits are states times them."""
        weight: Tensor = self.embedding.weight
        return weight

    def forward(self, sources_BS: Tensor, lengths_B: Tensor, tokens_BT: Tensor) -> Tensor:
        """Logits [B, T, V] of what follows each id of `tokens_BT`, which begin with the id that begins every target.

        `lengths_B` are the real ids of each source; what stands behind them changes nothing, nor does an id of the
        target what stands before it.
        """
        return functional.linear(self.states(sources_BS, lengths_B, tokens_BT), self.projection)

    def states(self, sources_BS: Tensor, lengths_B: Tensor, tokens_BT: Tensor) -> Tensor:
        """What the output weights are applied to [B, T, E]: for losses that never hold all logits."""
        return self._written(tokens_BT, self.begin(sources_BS, lengths_B))

    def begin(self, sources_BS: Tensor, lengths_B: Tensor) -> Reading:
        """Read the sources; their targets are still to be written."""
        real_B11S = (torch.arange(sources_BS.size(1), device=sources_BS.device) < lengths_B[:, None])[:, None, None]
        turns = self._turns(0, sources_BS.size(1))
        states_BSE = self._embedded(sources_BS)
        for layer in _layers(self.encoder):
            states_BSE = layer(states_BSE, turns, real_B11S)
        return Reading(Read(self.read_norm(states_BSE), real_B11S, turns), [LayerSeen() for _ in self.decoder])

    def further(self, tokens_BT: Tensor, reading: Reading) -> Tensor:
        """Logits [B, V] of what follows the last of `tokens_BT`; these follow what was written, and are added to it."""
        return functional.linear(self._written(tokens_BT, reading)[:, -1], self.projection)

    def _written(self, tokens_BT: Tensor, reading: Reading) -> Tensor:
        turns = self._turns(reading.length, tokens_BT.size(1))
        states_BTE = self._embedded(tokens_BT)
        for layer, seen in zip(_writers(self.decoder), reading.layers, strict=True):
            states_BTE = layer(states_BTE, turns, reading.read, seen)
        normed_BTE: Tensor = self.written_norm(states_BTE)
        return normed_BTE

    def _embedded(self, tokens: Tensor) -> Tensor:
        embedded: Tensor = self.dropout(self.embedding(tokens) * self.scale)
        return embedded

    def _turns(self, start: int, length: int) -> Turns:
        """Cosine and sine [T, D / 2] of the angles of some places."""
        places_T = torch.arange(start, start + length, device=self.projection.device, dtype=torch.float32)
        angles_TD = torch.outer(places_T, cast(Tensor, self.paces_D))
        return angles_TD.cos(), angles_TD.sin()


Turns = tuple[Tensor, Tensor]
"""Cosine and sine [T, D / 2] of the angle that each place turns each pair of a head's numbers by."""


Seen = tuple[Tensor, Tensor]
"""Keys and values [B, H, S or T, D]."""


@dataclass(slots=True)
class LayerSeen:
    """What one layer of the writing half looks at: the source, and what is written so far."""

    source: Seen | None = None
    written: Seen | None = None

    def add(self, keys_BHTD: Tensor, values_BHTD: Tensor) -> Seen:
        """All written so far, these behind the earlier ones."""
        if self.written is not None:
            keys, values = self.written
            keys_BHTD, values_BHTD = torch.cat((keys, keys_BHTD), dim=2), torch.cat((values, values_BHTD), dim=2)
        self.written = keys_BHTD, values_BHTD
        return self.written

    def chosen(self, rows_R: Tensor) -> LayerSeen:
        return LayerSeen(_chosen(self.source, rows_R), _chosen(self.written, rows_R))


@dataclass(frozen=True, slots=True)
class Read:
    """Sources: their states [B, S, E], which of their ids are real [B, 1, 1, S], and where these stand."""

    states: Tensor
    real: Tensor
    turns: Turns


@dataclass(frozen=True, slots=True)
class Reading:
    """Sources that were read, and what is written behind them: nothing is read twice."""

    read: Read
    layers: Sequence[LayerSeen]

    @property
    def length(self) -> int:
        """Ids written so far."""
        written = self.layers[0].written
        return 0 if written is None else written[0].size(2)

    def chosen(self, rows: Iterable[int]) -> Reading:
        """Only these rows, in this order; one may be chosen several times."""
        rows_R = torch.tensor(list(rows), dtype=torch.long, device=self.read.states.device)
        read = Read(self.read.states[rows_R], self.read.real[rows_R], self.read.turns)
        return Reading(read, [layer.chosen(rows_R) for layer in self.layers])


def _chosen(seen: Seen | None, rows_R: Tensor) -> Seen | None:
    return None if seen is None else (seen[0][rows_R], seen[1][rows_R])


class _Reads(nn.Module):
    """Each id of the source looks at all of them, then thinks for itself."""

    def __init__(self, shape: Shape, dropout: float) -> None:
        super().__init__()
        self.look_norm, self.think_norm = nn.RMSNorm(shape.hidden), nn.RMSNorm(shape.hidden)
        self.look, self.think = _Looks(shape), _Thinks(shape)
        self.dropout = nn.Dropout(dropout)

    def forward(self, states_BSE: Tensor, turns: Turns, real_B11S: Tensor) -> Tensor:
        normed_BSE = self.look_norm(states_BSE)
        looked_BSE = self.look(normed_BSE, self.look.keys(normed_BSE, turns), turns, real_B11S)
        states_BSE = states_BSE + self.dropout(looked_BSE)
        out_BSE: Tensor = states_BSE + self.dropout(self.think(self.think_norm(states_BSE)))
        return out_BSE


class _Writes(nn.Module):
    """Each id of the target looks at itself and those before it, then across at the source, then thinks for itself.

    Places count across too: what stands at a place of the target most often comes from about the same place of the
    source, and a model that sees how far apart they are learned to align them in a fifth of the steps.
    """

    def __init__(self, shape: Shape, dropout: float) -> None:
        super().__init__()
        self.look_norm, self.across_norm, self.think_norm = (nn.RMSNorm(shape.hidden) for _ in range(3))
        self.look, self.across, self.think = _Looks(shape), _Looks(shape), _Thinks(shape)
        self.dropout = nn.Dropout(dropout)

    def forward(self, states_BTE: Tensor, turns: Turns, read: Read, seen: LayerSeen) -> Tensor:
        normed_BTE = self.look_norm(states_BTE)
        begins = seen.written is None
        written = seen.add(*self.look.keys(normed_BTE, turns))
        mask = None if begins else _behind(normed_BTE.size(1), written[0])
        states_BTE = states_BTE + self.dropout(self.look(normed_BTE, written, turns, mask, causal=begins))
        if seen.source is None:
            seen.source = self.across.keys(read.states, read.turns)
        across_BTE = self.across(self.across_norm(states_BTE), seen.source, turns, read.real)
        states_BTE = states_BTE + self.dropout(across_BTE)
        out_BTE: Tensor = states_BTE + self.dropout(self.think(self.think_norm(states_BTE)))
        return out_BTE


class _Looks(nn.Module):
    """Attention of several heads, with norms of queries and keys. Who is asked may be elsewhere than who asks."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads = shape.heads
        head = shape.hidden // shape.heads
        self.query = nn.Linear(shape.hidden, shape.hidden, bias=False)
        self.key_value = nn.Linear(shape.hidden, 2 * shape.hidden, bias=False)
        self.into = nn.Linear(shape.hidden, shape.hidden, bias=False)
        self.query_norm, self.key_norm = nn.RMSNorm(head), nn.RMSNorm(head)

    def keys(self, states_BTE: Tensor, turns: Turns) -> Seen:
        """Keys and values of states that may be looked at."""
        keys_BHTD, values_BHTD = map(self._by_head, self.key_value(states_BTE).chunk(2, dim=2))
        return _turned(self.key_norm(keys_BHTD), turns), values_BHTD

    def forward(
        self,
        states_BTE: Tensor,
        seen: Seen,
        turns: Turns,
        mask: Tensor | None,
        *,
        causal: bool = False,
    ) -> Tensor:
        queries_BHTD = _turned(self.query_norm(self._by_head(self.query(states_BTE))), turns)
        looked_BHTD = functional.scaled_dot_product_attention(queries_BHTD, *seen, mask, is_causal=causal)
        out_BTE: Tensor = self.into(looked_BHTD.transpose(1, 2).flatten(2))
        return out_BTE

    def _by_head(self, states_BTE: Tensor) -> Tensor:
        return states_BTE.unflatten(2, (self.heads, -1)).transpose(1, 2)


class _Thinks(nn.Module):
    """SwiGLU."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.gates = nn.Linear(shape.hidden, 2 * shape.intermediate, bias=False)
        self.into = nn.Linear(shape.intermediate, shape.hidden, bias=False)

    def forward(self, states: Tensor) -> Tensor:
        gate, inner = self.gates(states).chunk(2, dim=2)
        out: Tensor = self.into(functional.silu(gate) * inner)
        return out


def _turned(heads_BHTD: Tensor, turns: Turns) -> Tensor:
    """Each pair (i, i + D/2) of a head's numbers, turned by its place's angle."""
    cosine, sine = (turn.to(heads_BHTD.dtype) for turn in turns)
    first, second = heads_BHTD.chunk(2, dim=-1)
    return torch.cat((first * cosine - second * sine, second * cosine + first * sine), dim=-1)


def _behind(new: int, keys_BHTD: Tensor) -> Tensor:
    """Whom the last `new` of some ids may see [new, T]: themselves and all before."""
    total = keys_BHTD.size(2)
    return torch.ones(new, total, dtype=torch.bool, device=keys_BHTD.device).tril(total - new)


def _begin(module: nn.Module) -> None:
    if isinstance(module, nn.Linear | nn.Embedding):
        nn.init.normal_(module.weight, std=SPREAD)


def _layers(half: nn.ModuleList) -> Iterable[_Reads]:
    return cast("Iterable[_Reads]", half)


def _writers(half: nn.ModuleList) -> Iterable[_Writes]:
    return cast("Iterable[_Writes]", half)
