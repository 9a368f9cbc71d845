"""How the learning rate changes over a training: a share of it, from 0 to 1, by how much of the steps are done."""

from __future__ import annotations

import math

from wenlu.base.spec import Field, Spec
from wenlu.base.table import Table

SCHEDULES = Table(
    "schedule",
    {
        "constant": "wenlu.training.schedules:Constant",
        "cosine": "wenlu.training.schedules:Cosine",
        "linear": "wenlu.training.schedules:Linear",
        "wsd": "wenlu.training.schedules:Wsd",
    },
)


class _Warm(Spec):
    warmup: float = Field(0.0, ge=0, lt=1, description="Share of the steps in which the rate rises from 0")


class _Falling(_Warm):
    floor: float = Field(0.0, ge=0, le=1, description="Share of the rate that is left at the end")


class Constant:
    """The same rate all the way, after the warm-up."""

    Config = _Warm

    def __init__(self, config: _Warm) -> None:
        self._warmup = config.warmup

    def __call__(self, step: int, steps: int) -> float:
        """The share at step `step` of `steps`, counted from 0."""
        return _risen(step, steps, self._warmup)


class Cosine:
    """Down along half a cosine (Loshchilov and Hutter 2017)."""

    Config = _Falling

    def __init__(self, config: _Falling) -> None:
        self._config = config

    def __call__(self, step: int, steps: int) -> float:
        config = self._config
        left = (1 + math.cos(math.pi * _done(step, steps, config.warmup))) / 2
        return _risen(step, steps, config.warmup) * (config.floor + (1 - config.floor) * left)


class Linear:
    """Down along a straight line."""

    Config = _Falling

    def __init__(self, config: _Falling) -> None:
        self._config = config

    def __call__(self, step: int, steps: int) -> float:
        config = self._config
        left = 1 - _done(step, steps, config.warmup)
        return _risen(step, steps, config.warmup) * (config.floor + (1 - config.floor) * left)


class Wsd:
    """Warm-up, stable, decay: constant, then down along a straight line (Hu et al. 2024)."""

    class Config(_Falling):
        decay: float = Field(0.2, gt=0, le=1, description="Share of the steps at the end in which the rate falls")

    def __init__(self, config: Config) -> None:
        self._config = config

    def __call__(self, step: int, steps: int) -> float:
        config = self._config
        left = min(1.0, (steps - step) / max(config.decay * steps, 1))
        return _risen(step, steps, config.warmup) * (config.floor + (1 - config.floor) * left)


def _risen(step: int, steps: int, warmup: float) -> float:
    """How much of the warm-up is behind; never 0, or the first step would be for nothing."""
    return min(1.0, (step + 1) / max(warmup * steps, 1))


def _done(step: int, steps: int, warmup: float) -> float:
    """How much of what follows the warm-up is behind."""
    warm = warmup * steps
    return min(1.0, max(0.0, (step - warm) / max(steps - warm, 1)))
