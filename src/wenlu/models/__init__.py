"""Architectures: one file each, one row here. Siblings do not know each other.

A classifier is an `nn.Module` made as `Model(config, vocabulary_size=…, labels=…)`. Its `forward(tokens_BT, lengths_B)`
takes ids [B, T] (padding id 0 behind the first `lengths_B[b] ≥ 1` of row b) and gives logits [B, labels]; padding and
the other rows of the batch do not change a row's logits.

A generator is made as `Model(config, vocabulary_size=…)`. Its `forward(tokens_BT, documents_BT=None)` gives logits
[B, T, V]: at each place, of the id that comes next. No id that comes later changes them, and none of another document.
"""

from __future__ import annotations

from wenlu.base.table import Table

MODELS = Table(
    "model",
    {
        "bag": "wenlu.models.bag:Bag",
        "decoder": "wenlu.models.decoder:Decoder",
        "lstm": "wenlu.models.lstm:Lstm",
        "textcnn": "wenlu.models.textcnn:TextCnn",
    },
)
