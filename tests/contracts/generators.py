"""What every generator promises. A new row of the models is tested by standing in the table, nothing more."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from wenlu.models import MODELS

VOCABULARY = 40

# Settings that make a row small enough for a test. A row that is not named here is tested with its defaults.
SMALL: dict[str, dict[str, object]] = {
    "decoder": {
        "size": "1M",
        "hidden": 32,
        "layers": 2,
        "heads": 4,
        "kv_heads": 2,
        "head": 8,
        "intermediate": 64,
        "context": 32,
    },
    "pretrained": {
        "architecture": {
            "model_type": "qwen3",
            "hidden_size": 32,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "head_dim": 8,
            "intermediate_size": 64,
            "max_position_embeddings": 64,
            "initializer_range": 0.2,
        },
        "context": 32,
    },
}


def small(name: str, *, seed: int = 1) -> nn.Module:
    """A small model of that row, in evaluation mode."""
    torch.manual_seed(seed)
    kind = MODELS[name]
    model: nn.Module = kind(kind.Config(**SMALL.get(name, {})), vocabulary_size=VOCABULARY)
    return model.eval()


def generators() -> list[str]:
    """Rows that generate, first of all or if they are asked to."""
    return [name for name in MODELS if "generate" in MODELS[name].tasks]


def ids(rows: int, length: int, *, seed: int = 1) -> Tensor:
    """Ids [B, T] by chance."""
    return torch.randint(0, VOCABULARY, (rows, length), generator=torch.Generator().manual_seed(seed))
