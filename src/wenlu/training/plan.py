"""What is decided once for a training, before its first step, and holds when it is taken up again.

Each of these may be decided otherwise on another day, under load, and a resumed training would go another way.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Literal

import msgspec
from torch import nn

from wenlu.storage.local import write_atomic
from wenlu.training.estimate import Estimate
from wenlu.training.settings import TrainingConfig

_WORTH_COMPILING = 300.0  # seconds of training, by which the wait of some ten seconds is well paid


class Plan(msgspec.Struct, frozen=True):
    """The kind of number, whether layers are compiled, and how many epochs there are."""

    precision: Literal["float32", "bfloat16"]
    compiled: bool
    epochs: int


def read_plan(path: Path) -> Plan | None:
    """The one that was decided before, None if this is the first start."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Plan)
    except FileNotFoundError:
        return None


def write_plan(path: Path, plan: Plan) -> None:
    write_atomic(path, msgspec.json.encode(plan))


def epochs_within(config: TrainingConfig, found: Estimate) -> int:
    """As many of the epochs as fit into the minutes that are given, at least one."""
    if config.minutes is None:
        return config.epochs
    an_epoch = max(found.seconds * found.tokens, 1e-9)
    return max(1, min(config.epochs, int(config.minutes * 60 / an_epoch)))


def worth_compiling(config: TrainingConfig, model: nn.Module, found: Estimate, *, epochs: int) -> bool:
    """If the model's layers can be compiled here, and it was asked for or the training is long enough to gain by it."""
    if config.compile == "never" or not hasattr(model, "compile_layers"):
        return False
    if config.compile == "always":
        return True
    long = found.seconds * found.tokens * epochs > _WORTH_COMPILING
    return long and any(shutil.which(compiler) for compiler in ("g++", "clang++", "c++"))
