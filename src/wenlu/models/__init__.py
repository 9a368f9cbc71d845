"""Architectures: one file each, one row here. Siblings do not know each other.

A classifier is an `nn.Module` made as `Model(config, vocabulary_size=…, labels=…)`. Its `forward(tokens_BT, lengths_B)`
takes ids [B, T] (padding id 0 behind the first `lengths_B[b] ≥ 1` of row b) and gives logits [B, labels]; padding and
the other rows of the batch do not change a row's logits. One with `compares = True` also takes the id of the
`separator` between two texts, and keeps it with its weights.
"""

from __future__ import annotations

from wenlu.base.table import Table

MODELS = Table(
    "model",
    {
        "bag": "wenlu.models.bag:Bag",
        "lstm": "wenlu.models.lstm:Lstm",
        "pair": "wenlu.models.pair:Pair",
        "textcnn": "wenlu.models.textcnn:TextCnn",
    },
)
