"""Optimisers: a Config, and a call that takes the parameters."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn

from wenlu.base.spec import Field, Spec
from wenlu.base.table import Table

OPTIMIZERS = Table(
    "optimizer",
    {
        "adam": "wenlu.training.optimizers:Adam",
        "adamw": "wenlu.training.optimizers:AdamW",
        "sgd": "wenlu.training.optimizers:Sgd",
    },
)


class Adam:
    """Kingma and Ba 2015."""

    class Config(Spec):
        learning_rate: float = Field(1e-3, gt=0, le=10, description="Step size")

    def __init__(self, config: Config) -> None:
        self.config = config

    def __call__(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        return torch.optim.Adam(parameters, lr=self.config.learning_rate, fused=True)


class AdamW:
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019)."""

    class Config(Spec):
        learning_rate: float = Field(1e-3, gt=0, le=10, description="Step size")
        weight_decay: float = Field(0.01, ge=0, le=10, description="Share of a weight lost a step, times the step size")

    def __init__(self, config: Config) -> None:
        self.config = config

    def __call__(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        config = self.config
        return torch.optim.AdamW(parameters, lr=config.learning_rate, weight_decay=config.weight_decay, fused=True)


class Sgd:
    """Stochastic gradient descent with momentum."""

    class Config(Spec):
        learning_rate: float = Field(0.1, gt=0, le=100, description="Step size")
        momentum: float = Field(0.9, ge=0, lt=1, description="Share of the last step that is kept")

    def __init__(self, config: Config) -> None:
        self.config = config

    def __call__(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        config = self.config
        return torch.optim.SGD(parameters, lr=config.learning_rate, momentum=config.momentum, fused=True)
