"""One of the processes that train a model together: all that the loop knows of the others.

`Process` itself is one that is alone: every method gives back what it was given, so a training in one process is
computed as if this file were not there. `group.Member` is one among others: it has the whole model (or a part of it,
where that is sharded), computes its share of the rows of each step, and holds the same numbers as the others after it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from wenlu.training.task import Rows

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Process:
    """The `rank`-th of `size` processes, `neighbours` of them on this machine. The first one writes and speaks.

    With `shard` each holds a part of every weight, and of what its optimiser remembers.
    """

    rank: int = 0
    size: int = 1
    neighbours: int = 1
    shard: bool = False

    @property
    def main(self) -> bool:
        return self.rank == 0

    def mine(self, rows: Rows) -> tuple[Rows, float]:
        """This process's share of some rows, and how often it counts: once. Where there are fewer rows than processes,
        who has none computes the first one, so that nobody waits in vain, and counts it not at all."""
        own = rows[self.rank :: self.size]
        return (own, 1.0) if len(own) else (rows[:1], 0.0)

    def place(self, model: nn.Module, device: torch.device) -> nn.Module:
        """The model on its device: whole, or its layers divided among the devices of all."""
        return model.to(device)

    def learner(self, model: nn.Module, device: torch.device) -> nn.Module:
        """A module that is called with what is to be done with the model; gradients made there are those of all."""
        return Door(model)

    def exchanging(self, learner: nn.Module, *, last: bool) -> AbstractContextManager[object]:
        """Gradients are exchanged behind the last part of a step."""
        return nullcontext()

    def seed(self, seed: int) -> None:
        """Give every process chance of its own, and leave the first one as it is."""

    def summed(self, sums: dict[str, float], *, counts: float = 1.0) -> dict[str, float]:
        """Sums over all processes, the same for each to the bit."""
        return sums

    def agreed(self, value: Mapping[str, float]) -> dict[str, float]:
        """What the first process says."""
        return dict(value)

    def gathered(self, named: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The tensors of all processes, by name; behind that of any but the first stands `.<rank>`."""
        return dict(named)

    def own(self, gathered: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Of gathered tensors those of this process, by their first names; none if it had no part then."""
        if self.main:
            return {name: tensor for name, tensor in gathered.items() if "." not in name}
        mark = f".{self.rank}"
        return {name.removesuffix(mark): tensor for name, tensor in gathered.items() if name.endswith(mark)}

    def whole(self, tensor: Tensor) -> Tensor:
        """A tensor that may be divided among the processes; all ask for it in the same order."""
        return tensor

    def part(self, whole: Tensor, *, like: Tensor) -> Tensor:
        """Of a whole tensor what this process holds of one `like` it."""
        return whole

    def load(self, model: nn.Module, tensors: Mapping[str, Tensor]) -> None:
        """Give a model whole weights, of which it takes what it holds."""
        model.load_state_dict(tensors)

    def weights(self, model: nn.Module) -> dict[str, Tensor]:
        """A model's whole weights in the memory of the processor, for the first process; nothing for the others."""
        return dict(model.cpu().state_dict()) if self.main else {}

    def room(self, free: int) -> int:
        """Bytes of the machine's memory that this process may take."""
        return free // self.neighbours


ALONE = Process()


def per_process(number: int, process: Process) -> int:
    """Of so many weights, how many a process holds at most."""
    return math.ceil(number / process.size) if process.shard else number


class Door(nn.Module):
    """A model behind one door: whoever watches a module's calls sees its `forward` alone, and a task may use others."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, use: Callable[[Any], Found]) -> Found:
        return use(self.model)
