"""What every classifier promises. A new row of the models is tested by standing in the table, nothing more."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from wenlu.bundle.manifest import Architecture, Description
from wenlu.models import MODELS, Learns

VOCABULARY = 30
LABELS = 3

# Settings that make a row small enough for a test. A row that is not named here is tested with its defaults.
SMALL: dict[str, dict[str, object]] = {
    "bag": {"embedding": 16, "buckets": 4096},
    "encoder": {"width": 16, "heads": 2, "layers": 2, "inner": 32, "dropout": 0.0, "unknown": 0.0},
    "linear": {"features": 4096, "min_count": 1},
    "lstm": {"embedding": 16, "hidden": 16, "layers": 2},
    "pair": {"embedding": 16, "hidden": 16},
    "pretrained": {
        "architecture": {
            "model_type": "bert",
            "hidden_size": 16,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "intermediate_size": 32,
            "max_position_embeddings": 64,
            "hidden_dropout_prob": 0.0,
            "attention_probs_dropout_prob": 0.0,
            "initializer_range": 0.2,
        },
        "head_dropout": 0.0,
    },
    "textcnn": {"embedding": 16, "filters": 16, "widths": [1, 2, 3]},
}


def small(name: str, *, seed: int = 1, **settings: object) -> nn.Module:
    """A small model of that row, in evaluation mode; one that looks at the training texts has seen some."""
    torch.manual_seed(seed)
    kind = MODELS[name]
    config = kind.Config(**{**SMALL.get(name, {}), **settings})
    model: nn.Module = kind(config, vocabulary_size=VOCABULARY, labels=LABELS)
    if isinstance(model, Learns):
        model.look_at(seen())
    return model.eval()


def seen() -> Iterator[tuple[NDArray[np.int32], int]]:
    """Training texts: every pair of ids."""
    for first in range(VOCABULARY):
        for second in range(VOCABULARY):
            yield np.array([first, second], dtype=np.int32), first % LABELS


def described(name: str, **settings: object) -> Description:
    """What a bundle with that small model says of itself."""
    kind = MODELS[name]
    config = kind.Config(**{**SMALL.get(name, {}), **settings})
    return Description(
        name="small",
        created="2026-01-01T00:00:00+00:00",
        task=kind.tasks[0],
        architecture=Architecture(name=name, config=config.model_dump(mode="json")),
        labels=[str(number) for number in range(LABELS)],
        vocabulary_size=VOCABULARY,
        max_length=64,
        parameters=1,
        pipeline_digest="",
    )


def classifiers() -> list[str]:
    """Rows whose task is to classify."""
    return [name for name in MODELS if "classify" in MODELS[name].tasks]


def batch(*rows: list[int]) -> tuple[Tensor, Tensor]:
    """Ids [B, T] padded to the longest, and lengths [B]."""
    longest = max(map(len, rows))
    return torch.tensor([row + [0] * (longest - len(row)) for row in rows]), torch.tensor([len(row) for row in rows])
