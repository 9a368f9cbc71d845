"""An LSTM with fewer units a layer, and smaller token vectors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from wenlu.compression.narrow import Cut
from wenlu.compression.narrow.units import columns, stay

_GATES = 4


def narrow_lstm(
    tensors: Mapping[str, Tensor], config: Any, *, vocabulary_size: int, labels: int, cut: Cut
) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Each layer of each direction loses the units whose states weigh least in what reads them."""
    new = dict(tensors)
    vectors = stay(_vector_magnitudes(tensors), cut.vectors)
    new["embedding.weight"] = tensors["embedding.weight"][:, vectors]
    tops = []
    for place, stack in enumerate(_stacks(tensors)):
        inputs = vectors
        for layer in range(config.layers):
            units = stay(_unit_magnitudes(tensors, config, stack, place, layer), cut.share)
            for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
                key = f"{stack}.{name}_l{layer}"
                new[key] = _gates(tensors[key], units, inputs if name == "weight_ih" else units)
            inputs = units
        tops.append(inputs + place * config.hidden)
    top = torch.cat(tops)
    new["output.weight"] = tensors["output.weight"][:, top]
    if "attention.0.weight" in tensors:
        new["attention.0.weight"] = tensors["attention.0.weight"][top][:, top]
        new["attention.0.bias"] = tensors["attention.0.bias"][top]
        new["attention.2.weight"] = tensors["attention.2.weight"][:, top]
    return new, {"embedding": len(vectors), "hidden": len(tops[0])}


def _stacks(tensors: Mapping[str, Tensor]) -> list[str]:
    return ["layers", "backwards"] if "backwards.weight_ih_l0" in tensors else ["layers"]


def _vector_magnitudes(tensors: Mapping[str, Tensor]) -> Tensor:
    """Of each number of a token vector: how large it is, times how much weighs on it."""
    read = torch.cat([tensors[f"{stack}.weight_ih_l0"] for stack in _stacks(tensors)])
    return columns(tensors["embedding.weight"]) * columns(read)


def _unit_magnitudes(tensors: Mapping[str, Tensor], config: Any, stack: str, place: int, layer: int) -> Tensor:
    """Of each unit of a layer: what weighs on its state, in its own layer and in the one above."""
    if layer + 1 < config.layers:
        above = tensors[f"{stack}.weight_ih_l{layer + 1}"]
    else:
        above = tensors["output.weight"][:, place * config.hidden : (place + 1) * config.hidden]
    return columns(tensors[f"{stack}.weight_hh_l{layer}"]) + columns(above)


def _gates(weights: Tensor, units: Tensor, inputs: Tensor) -> Tensor:
    """Of each gate the rows of some units, and of those the columns of some inputs; a bias has no columns."""
    gates = weights.unflatten(0, (_GATES, -1))[:, units]
    return gates.flatten(0, 1) if weights.dim() == 1 else gates[:, :, inputs].flatten(0, 1)
