"""Which units of an architecture can go, and what is left without them: one architecture a file, one row here.

A row is called as `narrow(tensors, config, vocabulary_size=…, labels=…, cut=…)` and gives the tensors and the settings
of a narrower model of the same kind. A unit's magnitude decides: what goes out of it weighs least in the units that go.
"""

from __future__ import annotations

from wenlu.base.spec import Field, Spec
from wenlu.base.table import Table

NARROW = Table(
    "narrowing",
    {
        "encoder": "wenlu.compression.narrow.encoder:narrow_encoder",
        "linear": "wenlu.compression.narrow.linear:narrow_linear",
        "lstm": "wenlu.compression.narrow.lstm:narrow_lstm",
        "textcnn": "wenlu.compression.narrow.textcnn:narrow_textcnn",
    },
)


class Cut(Spec):
    """How much of a model goes."""

    share: float = Field(
        0.5, ge=0, lt=1, description="Of the units of a layer, the filters, or the n-grams that have a vote"
    )
    vectors: float = Field(0.0, ge=0, lt=1, description="Of the numbers in a token vector (lstm, textcnn)")
    layers: int = Field(0, ge=0, le=64, description="Whole layers (encoder)")
