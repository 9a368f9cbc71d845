"""Which units stay."""

from __future__ import annotations

import torch
from torch import Tensor

_TOGETHER = 8
"""Units in a vector of the processor: a layer of 59 takes as long as one of 64."""


def stay(magnitudes: Tensor, share: float) -> Tensor:
    """The numbers of the units that stay, ascending, when `share` of them, those of the least magnitudes, go."""
    wanted = max(1, round(len(magnitudes) * (1 - share)))
    if wanted > _TOGETHER:
        wanted = min(len(magnitudes), -(-wanted // _TOGETHER) * _TOGETHER)
    return magnitudes.topk(wanted).indices.sort().values


def columns(weights: Tensor) -> Tensor:
    """The magnitude of each column of a matrix."""
    return weights.flatten(1).norm(dim=0) if weights.dim() == 2 else torch.linalg.vector_norm(weights, dim=(0, 2))


def rows(weights: Tensor) -> Tensor:
    """The magnitude of each row."""
    return weights.flatten(1).norm(dim=1)
