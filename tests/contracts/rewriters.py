"""What every model from text to text promises. A new row of the models is tested by standing in the table."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from wenlu.models import MODELS

VOCABULARY = 40

# Settings that make a row small enough for a test. A row that is not named here is tested with its defaults.
SMALL: dict[str, dict[str, object]] = {
    "seq2seq": {
        "size": "1M",
        "hidden": 32,
        "encoder_layers": 2,
        "decoder_layers": 2,
        "heads": 4,
        "intermediate": 48,
    },
}


def small(name: str, *, seed: int = 1, **settings: object) -> nn.Module:
    """A small model of that row, in evaluation mode."""
    torch.manual_seed(seed)
    kind = MODELS[name]
    model: nn.Module = kind(kind.Config(**{**SMALL.get(name, {}), **settings}), vocabulary_size=VOCABULARY)
    return model.eval()


def rewriters() -> list[str]:
    """Rows that make a text of a text."""
    return [name for name in MODELS if "seq2seq" in MODELS[name].tasks]


def ids(rows: int, length: int, *, seed: int = 1) -> Tensor:
    """Ids [B, T] by chance."""
    return torch.randint(0, VOCABULARY, (rows, length), generator=torch.Generator().manual_seed(seed))


def batch(*rows: list[int]) -> tuple[Tensor, Tensor]:
    """Ids [B, S] padded to the longest, and lengths [B]."""
    longest = max(map(len, rows))
    return torch.tensor([row + [0] * (longest - len(row)) for row in rows]), torch.tensor([len(row) for row in rows])
