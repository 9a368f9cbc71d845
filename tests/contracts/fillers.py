"""What every classifier with a `filler` promises. A new row of the models is tested by having one."""

from __future__ import annotations

import torch
from tests.contracts.classifiers import SMALL, VOCABULARY
from torch import nn

from wenlu.models import MODELS


def fillers() -> list[str]:
    """Rows with a filler."""
    return [name for name in MODELS if hasattr(MODELS[name], "filler")]


def small_filler(name: str, *, seed: int = 1, **settings: object) -> nn.Module:
    """The filler of a small model of that row, in evaluation mode."""
    torch.manual_seed(seed)
    kind = MODELS[name]
    shared = {key: value for key, value in SMALL.get(name, {}).items() if key in kind.filler.Config.model_fields}
    config = kind.filler.Config(**{**shared, **settings})
    model: nn.Module = kind.filler(config, vocabulary_size=VOCABULARY)
    return model.eval()
