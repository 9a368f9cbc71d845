"""A vocabulary that became longer: vectors for ids that a model has never seen."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

_NOISE = 0.1  # of the spread of the old vectors: new ids are told apart, and say next to nothing yet


@torch.no_grad()
def with_more_ids(tensors: Mapping[str, Tensor], model: nn.Module, *, more: int) -> dict[str, Tensor]:
    """`tensors` with `more` rows behind those that hold a vector an id and have that many fewer than the model's own.

    A new row is the mean of the old ones and a little of torch's chance; the old rows stay as they are.
    """
    own = model.state_dict()
    return {
        name: _longer(tensor, more) if _is_shorter(tensor, own.get(name), more) else tensor
        for name, tensor in tensors.items()
    }


def _is_shorter(tensor: Tensor, own: Tensor | None, more: int) -> bool:
    if own is None or tensor.dim() != 2 or not more:
        return False
    return tuple(own.shape) == (tensor.size(0) + more, tensor.size(1))


def _longer(tensor: Tensor, more: int) -> Tensor:
    mean_E, spread_E = tensor.float().mean(0), tensor.float().std(0)
    new = mean_E + _NOISE * spread_E * torch.randn(more, tensor.size(1))
    return torch.cat((tensor, new.to(tensor.dtype)))
