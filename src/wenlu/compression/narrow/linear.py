"""A linear model with fewer n-grams."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from wenlu.compression.narrow import Cut
from wenlu.models.linear import Linear


def narrow_linear(
    tensors: Mapping[str, Tensor], config: Any, *, vocabulary_size: int, labels: int, cut: Cut
) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The n-grams go that speak least for one label against another."""
    model = Linear(config, vocabulary_size=vocabulary_size, labels=labels)
    model.load_state_dict(dict(tensors))
    have = int((torch.as_tensor(tensors["names"]) >= 0).sum())
    quieter = model.loudest(max(16, round(have * (1 - cut.share))))
    return dict(quieter.state_dict()), {"features": quieter.config.features}
