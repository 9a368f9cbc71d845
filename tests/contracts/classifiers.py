"""What every classifier promises. A new row of the models is tested by standing in the table, nothing more."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from wenlu.bundle.manifest import Architecture, Description
from wenlu.models import MODELS

VOCABULARY = 30
LABELS = 3

# Settings that make a row small enough for a test. A row that is not named here is tested with its defaults.
SMALL: dict[str, dict[str, object]] = {
    "bag": {"embedding": 16, "buckets": 4096},
    "lstm": {"embedding": 16, "hidden": 16, "layers": 2},
    "pair": {"embedding": 16, "hidden": 16},
    "textcnn": {"embedding": 16, "filters": 16, "widths": [1, 2, 3]},
}


def small(name: str, *, seed: int = 1) -> nn.Module:
    """A small model of that row, in evaluation mode."""
    torch.manual_seed(seed)
    kind = MODELS[name]
    model: nn.Module = kind(kind.Config(**SMALL.get(name, {})), vocabulary_size=VOCABULARY, labels=LABELS)
    return model.eval()


def described(name: str) -> Description:
    """What a bundle with that small model says of itself."""
    kind = MODELS[name]
    return Description(
        name="small",
        created="2026-01-01T00:00:00+00:00",
        task=kind.task,
        architecture=Architecture(name=name, config=kind.Config(**SMALL.get(name, {})).model_dump(mode="json")),
        labels=[str(number) for number in range(LABELS)],
        vocabulary_size=VOCABULARY,
        max_length=64,
        parameters=1,
        pipeline_digest="",
    )


def classifiers() -> list[str]:
    """Rows whose task is to classify."""
    return [name for name in MODELS if MODELS[name].task == "classify"]


def batch(*rows: list[int]) -> tuple[Tensor, Tensor]:
    """Ids [B, T] padded to the longest, and lengths [B]."""
    longest = max(map(len, rows))
    return torch.tensor([row + [0] * (longest - len(row)) for row in rows]), torch.tensor([len(row) for row in rows])
