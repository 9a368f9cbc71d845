"""A Transformer with fewer units in its feed-forwards, and fewer layers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from wenlu.base.errors import WenluError
from wenlu.compression.narrow import Cut
from wenlu.compression.narrow.units import columns, rows, stay

_LAYER = "backbone.layers"


def narrow_encoder(
    tensors: Mapping[str, Tensor], config: Any, *, vocabulary_size: int, labels: int, cut: Cut
) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Layers go that add least to the stream of states, then units of the feed-forwards of those that stay."""
    if cut.layers >= config.layers:
        raise WenluError("bad_settings", f"prune: the model has {config.layers} layers, so {cut.layers} can't go.")
    added = torch.stack([_added(tensors, layer) for layer in range(config.layers)])
    layers = added.topk(config.layers - cut.layers).indices.sort().values.tolist()
    new = {name: tensor for name, tensor in tensors.items() if not name.startswith(f"{_LAYER}.")}
    for place, layer in enumerate(layers):
        old = f"{_LAYER}.{layer}."
        mine = {name.removeprefix(old): tensor for name, tensor in tensors.items() if name.startswith(old)}
        think = mine["think.weight"].unflatten(0, (2 if config.feed_forward == "swiglu" else 1, -1))
        units = stay(torch.stack([rows(part) for part in think]).prod(0) * columns(mine["thought.weight"]), cut.share)
        mine["think.weight"] = think[:, units].flatten(0, 1)
        mine["thought.weight"] = mine["thought.weight"][:, units]
        new |= {f"{_LAYER}.{place}.{name}": tensor for name, tensor in mine.items()}
    return new, {"layers": len(layers), "inner": len(units)}


def _added(tensors: Mapping[str, Tensor], layer: int) -> Tensor:
    """How large the weights are by which a layer adds to the stream."""
    return tensors[f"{_LAYER}.{layer}.seen.weight"].norm() + tensors[f"{_LAYER}.{layer}.thought.weight"].norm()
