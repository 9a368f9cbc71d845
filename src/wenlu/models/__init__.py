"""Architectures: one file each, one row here. Siblings do not know each other.

A classifier is an `nn.Module` made as `Model(config, vocabulary_size=…, labels=…)`. Its `forward(tokens_BT, lengths_B)`
takes ids [B, T] (padding id 0 behind the first `lengths_B[b] ≥ 1` of row b) and gives logits [B, labels]; padding and
the other rows of the batch do not change a row's logits. One with `compares = True` also takes the id of the
`separator` between two texts, and keeps it with its weights.

A classifier with a `filler` can learn from texts without labels first. The filler is made as `filler(config,
vocabulary_size=…)`, where the fields of `filler.Config` are those of the classifier's that decide what they share; its
`forward(tokens_BT, lengths_B, asked_BT)` gives the states [N, H] at the places that are asked for, and logits over all
ids are these times its `projection` [V, H]. The classifier begins with those of its weights that have names and shapes
of its own.

A generator is made as `Model(config, vocabulary_size=…)`. Its `forward(tokens_BT, documents_BT=None)` gives logits
[B, T, V]: at each place, of the id that comes next. No id that comes later changes them, and none of another document.

A model from text to text is made alike. Its `forward(sources_BS, lengths_B, tokens_BT)` gives the same of a target that
follows a source, of which the first `lengths_B[b] ≥ 1` ids are real.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from wenlu.base.table import Table

MODELS = Table(
    "model",
    {
        "bag": "wenlu.models.bag:Bag",
        "decoder": "wenlu.models.decoder:Decoder",
        "encoder": "wenlu.models.encoder:Encoder",
        "linear": "wenlu.models.linear:Linear",
        "lstm": "wenlu.models.lstm:Lstm",
        "pair": "wenlu.models.pair:Pair",
        "pretrained": "wenlu.models.pretrained:Pretrained",
        "seq2seq": "wenlu.models.seq2seq:Seq2seq",
        "textcnn": "wenlu.models.textcnn:TextCnn",
    },
)


@runtime_checkable
class Learns(Protocol):
    """A model that has to see the training texts before its first step."""

    def look_at(self, rows: Iterable[tuple[NDArray[np.int32], int]]) -> None:
        """Take what it needs from the ids [T] and the label's number of every training text.

        It reads them once, in bounded memory; the same rows leave the same weights, whatever their order.
        """


@runtime_checkable
class Brought(Protocol):
    """The Config of a model that was trained elsewhere, and lies in files of the user's."""

    def look(self, aim: str, *, longest: int) -> None:
        """Raises WenluError, from small files alone, where it can't be opened or can't do what is asked of it."""

    def files(self) -> Mapping[str, str]:
        """SHA-256 of each file that its weights come of, by name."""

    def tokenizer(self) -> dict[str, Any] | None:
        """The tokenizer it was trained with, as `text.tokenizer` would name it; None if it has none any more."""

    def sealed(self) -> Self:
        """The same without those files: what a bundle keeps beside the weights."""
