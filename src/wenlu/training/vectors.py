"""The vectors of ids: which weights they are, and what they begin with where ids are new."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

SPREAD = 0.02  # of vectors that begin by chance
NOISE = 0.1  # of the spread of the vectors that are known


def vectors_of(model: nn.Module, size: int) -> dict[str, nn.Parameter]:
    """By name the weights [V, …] that have a row for each of `size` ids: token vectors, and output weights."""
    heads = getattr(model, "head", ())
    found = {}
    for name, module in model.named_modules():
        reads = isinstance(module, nn.Embedding) and module.num_embeddings == size
        foretells = isinstance(module, nn.Linear) and module.out_features == size and name not in heads
        if reads or (foretells and getattr(model, "projection", None) is module.weight):
            found[f"{name}.weight"] = module.weight
    return found


@torch.no_grad()
def begin_anew(vectors: Mapping[str, nn.Parameter]) -> None:
    """Every vector by chance."""
    for weight in vectors.values():
        nn.init.normal_(weight, std=SPREAD)


@torch.no_grad()
def begin_with_means(vectors: Mapping[str, nn.Parameter], parts: Sequence[Sequence[int]], *, first: int) -> None:
    """The ids from `first` on begin with the mean of the vectors of the ids that each was written with before."""
    for weight in vectors.values():
        for number, ids in enumerate(parts):
            weight[first + number] = weight[list(ids)].mean(0)


@torch.no_grad()
def begin_near_mean(vectors: Mapping[str, nn.Parameter], *, first: int, last: int) -> None:
    """The ids from `first` to before `last` begin with the mean of those before them and a little of torch's chance:
    they are told apart, and say next to nothing yet."""
    for weight in vectors.values():
        before = weight[:first].float()
        new = before.mean(0) + NOISE * before.std(0) * torch.randn(last - first, weight.size(1))
        weight[first:last] = new.to(weight.dtype)


def longer(tensors: Mapping[str, Tensor], vectors: Mapping[str, nn.Parameter], *, pieces: int) -> dict[str, Tensor]:
    """Tensors of a model with fewer ids, brought to as many rows as `vectors` have: what is new is theirs, and stands
    behind the first `pieces` rows; rows behind those are the last ones again."""
    return {
        name: _longer(tensor, vectors[name].detach(), pieces)
        if name in vectors and len(tensor) < len(vectors[name]) and tensor.shape[1:] == vectors[name].shape[1:]
        else tensor
        for name, tensor in tensors.items()
    }


def _longer(tensor: Tensor, own: Tensor, pieces: int) -> Tensor:
    marks = len(tensor) - pieces
    return torch.cat([tensor[:pieces], own[pieces : len(own) - marks], tensor[pieces:]])
