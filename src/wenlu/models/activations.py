"""Activations by name: functions of a tensor, element by element, that ONNX knows too."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from wenlu.base.table import Table

ACTIVATIONS = Table(
    "activation",
    {
        "elu": "torch.nn.functional:elu",
        "gelu": "torch.nn.functional:gelu",
        "leaky_relu": "torch.nn.functional:leaky_relu",
        "mish": "torch.nn.functional:mish",
        "relu": "torch.nn.functional:relu",
        "silu": "torch.nn.functional:silu",
        "tanh": "torch.nn.functional:tanh",
    },
)


def _known(name: str) -> str:
    ACTIVATIONS[name]
    return name


Activation = Annotated[str, AfterValidator(_known)]
"""The name of a row; raises WenluError `unknown_activation` for another."""
