"""What a training will cost, found out before it starts: on its own texts, with its own model.

A few rows of the largest step are computed once. What their gradient needs is counted tensor by tensor, their floating
point operations one by one, and the clock is looked at; the rest is multiplication.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from wenlu.base.errors import WenluError
from wenlu.training.optimizers import Weight
from wenlu.training.place import Place
from wenlu.training.settings import TrainingConfig
from wenlu.training.task import Rows, Task

_TRIED = 8  # rows
_REMEMBERED = 2  # numbers an optimiser remembers of a weight, at most
_OVERHEAD = 1.2  # what allocators, workspaces and validation come to, of what is counted
_BYTES = 4  # of a float32


@dataclass(frozen=True, slots=True)
class Estimate:
    """`flops` and `seconds` are of one padded id, forward and backward; `weights` and `activations` are bytes, the
    latter of the largest part of a step."""

    parameters: int
    trained: int
    flops: float
    seconds: float
    weights: int
    activations: int
    tokens: int

    @property
    def memory(self) -> int:
        """Bytes needed."""
        return round((self.weights + self.activations) * _OVERHEAD)

    def sentence(self, *, free: int, steps: int, epochs: int) -> str:
        """For people, before the run."""
        frozen = "" if self.trained == self.parameters else f" ({self.trained:,} are trained)"
        span = _span(self.seconds * self.tokens * epochs / 60)
        work = f", {_power(self.flops)}FLOP a token" if self.flops >= 1 else ""
        return (
            f"{self.parameters:,} parameters{frozen}{work}; memory {_size(self.memory)} of "
            f"{_size(free)} free; {steps:,} steps an epoch, {span} for {epochs} epochs at most"
        )


def estimate(
    model: nn.Module, task: Task, config: TrainingConfig, place: Place, *, weights: Sequence[Weight]
) -> Estimate:
    """Try the model on some rows. It is as it was afterwards, and so is chance."""
    batches = task.batches(1)
    largest = max(batches, key=task.tokens)
    part = math.ceil(len(largest) / config.accumulate)
    rows = largest[-_TRIED:]
    with torch.random.fork_rng(enabled=True):
        model.train()
        saved, flops = _counted(model, task, place, rows)
        seconds = min(_timed(model, task, place, rows) for _ in range(2))
    tokens = max(task.tokens(rows), 1)
    trained = sum(weight.parameter.numel() for weight in weights)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    copies = 1 if config.average is None else 2
    return Estimate(
        parameters=parameters,
        trained=trained,
        flops=3 * flops / tokens,
        seconds=seconds / tokens,
        weights=_BYTES * (parameters * copies + trained * (1 + _REMEMBERED)),
        activations=round(saved / tokens * task.tokens(largest[-part:])),
        tokens=sum(map(task.tokens, batches)),
    )


def refuse_what_can_not_fit(found: Estimate, config: TrainingConfig, place: Place, *, free: int) -> None:
    """Raises WenluError `does_not_fit`, naming what would."""
    if found.memory <= free:
        return
    there = free / _OVERHEAD - found.weights
    sentence = f"This training needs about {_size(found.memory)} of memory, and {_size(free)} are free on {place}."
    if there <= 0:
        hint = f"Its weights and their optimiser alone need {_size(found.weights)}: take a smaller model."
    else:
        parts = config.accumulate * math.ceil(found.activations / there)
        hint = f"--set training.accumulate={parts} computes the same steps in parts that fit."
    raise WenluError("does_not_fit", sentence, hint=hint)


def refuse_too_many_weights(parameters: int, *, trained: int, place: Place, free: int) -> None:
    """The same from numbers alone, before a model is made; raises WenluError `does_not_fit`."""
    needed = round(_OVERHEAD * _BYTES * (parameters + trained * (1 + _REMEMBERED)))
    if needed > free:
        fitting = free / (_OVERHEAD * _BYTES * (2 + _REMEMBERED))
        raise WenluError(
            "does_not_fit",
            f"A model of {parameters:,} parameters needs about {_size(needed)} of memory to be trained, and "
            f"{_size(free)} are free on {place}.",
            hint=f"About {fitting:,.0f} parameters would fit.",
        )


def free_memory(device: torch.device) -> int:
    """Bytes that may still be taken on a device."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    return min(_available(), _left_of_the_group())


def _available() -> int:
    """Of the machine's memory, what the kernel could give out."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return 1 << 62  # not Linux: nobody to ask
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))


def _left_of_the_group() -> int:
    """Of what a container may take, what is left."""
    group = Path("/sys/fs/cgroup")
    try:
        most = (group / "memory.max").read_text(encoding="ascii").strip()
        return int(most) - int((group / "memory.current").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return 1 << 62


def _counted(model: nn.Module, task: Task, place: Place, rows: Rows) -> tuple[int, int]:
    """Bytes that the gradient of these rows needs beside the weights, and operations of the way forward."""
    own = {parameter.untyped_storage().data_ptr() for parameter in model.parameters()}
    seen: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            seen[storage.data_ptr()] = storage.nbytes()
        return tensor

    with place.computing(), torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        with FlopCounterMode(display=False) as counter:
            outcome = task.loss(model, rows)
    del outcome
    return sum(seen.values()), counter.get_total_flops() + task.tokens(rows) * _recurrent(model)


def _recurrent(model: nn.Module) -> int:
    """Operations an id of recurrent layers, which torch computes as one: a product and a sum for each weight."""
    layers = (module for module in model.modules() if isinstance(module, nn.RNNBase))
    return sum(2 * weight.numel() for layer in layers for weight in layer.parameters() if weight.ndim > 1)


def _timed(model: nn.Module, task: Task, place: Place, rows: Rows) -> float:
    started = time.perf_counter()
    with place.computing():
        loss = task.loss(model, rows).loss
    loss.backward()
    seconds = time.perf_counter() - started
    model.zero_grad(set_to_none=True)
    return seconds


def _size(bytes_: float) -> str:
    """`1.5 GB`."""
    return f"{bytes_ / 1e9:.1f} GB" if bytes_ >= 1e9 else f"{bytes_ / 1e6:.0f} MB"


def _power(number: float) -> str:
    """`3.1 M`, for a unit to follow."""
    for letter, size in (("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if number >= size:
            return f"{number / size:.1f} {letter}"
    return f"{number:.0f} "


def _span(minutes: float) -> str:
    if minutes < 1.5:
        return f"about {max(round(minutes * 60), 1)} s"
    return f"about {minutes:.0f} min" if minutes < 90 else f"about {minutes / 60:.1f} h"
