"""Optimisers: a Config, and a call that takes groups of parameters and gives what steps them.

Several optimisers can share a model (Muon takes matrices alone), so a list comes back. Each group keeps the rate it
began with as `base`; the loop sets `lr` from it at every step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from wenlu.base.spec import Field, Spec
from wenlu.base.table import Table

OPTIMIZERS = Table(
    "optimizer",
    {
        "adam": "wenlu.training.optimizers:Adam",
        "adamw": "wenlu.training.optimizers:AdamW",
        "lion": "wenlu.training.optimizers:Lion",
        "muon": "wenlu.training.optimizers:Muon",
        "sgd": "wenlu.training.optimizers:Sgd",
    },
)


@dataclass(frozen=True, slots=True)
class Weight:
    """A parameter by its name in the model; `scale` is what its learning rate is multiplied with."""

    name: str
    parameter: nn.Parameter
    scale: float = 1.0

    @property
    def hidden_matrix(self) -> bool:
        """Whether it maps activations to activations: a matrix, and neither a table of vectors nor the last layer."""
        ends = ("embedding", "embed_tokens", "vectors", "lm_head", "output", "positions")
        return self.parameter.ndim == 2 and not any(part in ends for part in self.name.split("."))


Optimizers = list[torch.optim.Optimizer]


class Adam:
    """Kingma and Ba 2015."""

    class Config(Spec):
        learning_rate: float = Field(1e-3, gt=0, le=10, description="Step size")
        beta1: float = Field(0.9, ge=0, lt=1, description="Share of the mean gradient that is kept a step")
        beta2: float = Field(0.999, ge=0, lt=1, description="Share of the mean squared gradient that is kept a step")

    def __init__(self, config: Config) -> None:
        self.config = config

    def __call__(self, weights: Sequence[Weight]) -> Optimizers:
        config = self.config
        groups = _groups(weights, config.learning_rate)
        return [torch.optim.Adam(groups, lr=config.learning_rate, betas=(config.beta1, config.beta2), fused=True)]


class AdamW:
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019). Vectors (biases, norms) do not decay."""

    class Config(Adam.Config):
        weight_decay: float = Field(0.01, ge=0, le=10, description="Share of a weight lost a step, times the step size")

    def __init__(self, config: Config) -> None:
        self.config = config

    def __call__(self, weights: Sequence[Weight]) -> Optimizers:
        config = self.config
        groups = _groups(weights, config.learning_rate, decay=config.weight_decay)
        return [torch.optim.AdamW(groups, lr=config.learning_rate, betas=(config.beta1, config.beta2), fused=True)]


class Muon:
    """Orthogonalised momentum for hidden matrices (Jordan et al. 2024), AdamW for all else.

    Its steps are scaled to the size of AdamW's (Liu et al. 2025), so `learning_rate` is of the same kind for both.
    """

    class Config(AdamW.Config):
        momentum: float = Field(0.95, ge=0, lt=1, description="Share of the last step that is kept, of Muon")

    def __init__(self, config: Config) -> None:
        self.config = config

    def __call__(self, weights: Sequence[Weight]) -> Optimizers:
        config = self.config
        matrices = [weight for weight in weights if weight.hidden_matrix]
        others = [weight for weight in weights if not weight.hidden_matrix]
        made = AdamW(AdamW.Config(**config.model_dump(exclude={"momentum"})))(others) if others else []
        if matrices:
            muon = torch.optim.Muon(
                _groups(matrices, config.learning_rate, decay=config.weight_decay),
                lr=config.learning_rate,
                momentum=config.momentum,
                adjust_lr_fn="match_rms_adamw",
            )
            made.append(muon)
        return made


class Lion:
    """The sign of an interpolated momentum (Chen et al. 2023). Wants a third to a tenth of Adam's learning rate."""

    class Config(Spec):
        learning_rate: float = Field(1e-4, gt=0, le=10, description="Step size")
        weight_decay: float = Field(0.1, ge=0, le=10, description="Share of a weight lost a step, times the step size")
        beta1: float = Field(0.9, ge=0, lt=1, description="Share of the momentum in a step")
        beta2: float = Field(0.99, ge=0, lt=1, description="Share of the momentum that is kept a step")

    def __init__(self, config: Config) -> None:
        self.config = config

    def __call__(self, weights: Sequence[Weight]) -> Optimizers:
        config = self.config
        groups = _groups(weights, config.learning_rate, decay=config.weight_decay)
        return [_Lion(groups, {"lr": config.learning_rate, "betas": (config.beta1, config.beta2)})]


class Sgd:
    """Stochastic gradient descent with momentum."""

    class Config(Spec):
        learning_rate: float = Field(0.1, gt=0, le=100, description="Step size")
        momentum: float = Field(0.9, ge=0, lt=1, description="Share of the last step that is kept")

    def __init__(self, config: Config) -> None:
        self.config = config

    def __call__(self, weights: Sequence[Weight]) -> Optimizers:
        config = self.config
        groups = _groups(weights, config.learning_rate)
        fused = not any(hasattr(weight.parameter, "placements") for weight in weights)  # torch has none for shards
        return [torch.optim.SGD(groups, lr=config.learning_rate, momentum=config.momentum, fused=fused)]


class _Lion(torch.optim.Optimizer):
    """θ ← (1 - ηλ)θ - η sign(β₁m + (1 - β₁)g), then m ← β₂m + (1 - β₂)g."""

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> None:
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                momentum: Tensor = self.state[weight].setdefault("momentum", torch.zeros_like(weight))
                weight.mul_(1 - group["lr"] * group["weight_decay"])
                weight.sub_(momentum.lerp(weight.grad, 1 - beta1).sign_(), alpha=group["lr"])
                momentum.lerp_(weight.grad, 1 - beta2)


def set_rate(optimizers: Iterable[torch.optim.Optimizer], share: float) -> None:
    """Make every learning rate this share of what it began with."""
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = group["base"] * share


def _groups(weights: Sequence[Weight], rate: float, *, decay: float | None = None) -> list[dict[str, Any]]:
    """Parameters of the same scale, and of the same decay if there is one, together; in the order of the model."""
    groups: dict[tuple[float, bool], list[nn.Parameter]] = {}
    for weight in weights:
        decays = decay is not None and weight.parameter.ndim > 1
        groups.setdefault((weight.scale, decays), []).append(weight.parameter)
    return [
        {
            "params": parameters,
            "lr": rate * scale,
            "base": rate * scale,
            **({} if decay is None else {"weight_decay": decay if decays else 0.0}),
        }
        for (scale, decays), parameters in groups.items()
    ]
