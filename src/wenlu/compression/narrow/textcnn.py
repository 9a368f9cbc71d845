"""Convolutions with fewer filters, over smaller token vectors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from wenlu.compression.narrow import Cut
from wenlu.compression.narrow.units import columns, rows, stay


def narrow_textcnn(
    tensors: Mapping[str, Tensor], config: Any, *, vocabulary_size: int, labels: int, cut: Cut
) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Of each width the filters go whose weights, times what weighs on their answers, are least."""
    new = dict(tensors)
    names = [f"filters.{number}.weight" for number in range(len(config.widths))]
    read = sum(columns(tensors[name]) for name in names)
    vectors = stay(columns(tensors["embedding.weight"]) * read, cut.vectors)
    new["embedding.weight"] = tensors["embedding.weight"][:, vectors]
    pools = 2 if config.pooling == "max_mean" else 1
    outputs = tensors["output.weight"].unflatten(1, (len(names), pools, config.filters))
    kept = []
    for number, name in enumerate(names):
        weighs = outputs[:, number].flatten(0, 1).norm(dim=0)
        units = stay(rows(tensors[name]) * weighs, cut.share)
        new[name] = tensors[name][units][:, vectors]
        new[name.replace("weight", "bias")] = tensors[name.replace("weight", "bias")][units]
        kept.append(outputs[:, number][:, :, units])
    new["output.weight"] = torch.stack(kept, dim=1).flatten(1)
    return new, {"embedding": len(vectors), "filters": len(units)}
