"""One of the processes that train a model together: all that the loop knows of the others.

Alone, every method gives back what it was given, so a training in one process is computed as if this file were not
there. Together, each process has the whole model (or a part of it, where it is sharded), computes its share of the
rows of each step, and holds the same numbers as the others after it.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import torch
import torch.distributed as together
from torch import Tensor, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor
from torch.nn.parallel import DistributedDataParallel

from wenlu.training.task import Rows

Found = TypeVar("Found")

# Who waits for the others waits long: validation is the work of the first process, and may take hours. One that has
# ended is told by its closed connections, or by whoever launched it.
PATIENCE = timedelta(days=1)
GPU_BACKEND = "cpu:gloo,cuda:nccl"  # what lies in a processor's memory travels by gloo there too


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
        if not self.shard:
            return model.to(device)
        mesh = init_device_mesh(device.type, (self.size,))
        for layers in [module for module in model.modules() if isinstance(module, nn.ModuleList)]:
            for layer in layers:
                fully_shard(layer, mesh=mesh)
        return model

    def learner(self, model: nn.Module, device: torch.device) -> nn.Module:
        """A module that is called with what is to be done with the model; gradients made there are those of all."""
        learner = _Learner(model)
        if self.size == 1:
            return learner
        if self.shard:
            return fully_shard(learner, mesh=init_device_mesh(device.type, (self.size,)))
        # Parameters that a step did not use are looked for: some models have such ones. And then the order in which
        # gradients are summed never changes, so a resumed run sums as the first one did.
        return DistributedDataParallel(learner, broadcast_buffers=False, find_unused_parameters=True)

    def exchanging(self, learner: nn.Module, *, last: bool) -> AbstractContextManager[object]:
        """Gradients are exchanged behind the last part of a step. Shards are exchanged at once: nobody has room."""
        if isinstance(learner, DistributedDataParallel) and not last:
            return learner.no_sync()
        return nullcontext()

    def seed(self, seed: int) -> None:
        """Give every process chance of its own, and leave the first one as it is."""
        if self.rank:
            torch.manual_seed(seed + (self.rank << 32))

    def summed(self, sums: dict[str, float], *, counts: float = 1.0) -> dict[str, float]:
        """Sums over all processes, the same for each to the bit."""
        if self.size == 1:
            return sums
        values = torch.tensor(list(sums.values()), dtype=torch.float64) * counts
        together.all_reduce(values)
        return dict(zip(sums, values.tolist(), strict=True))

    def agreed(self, value: Mapping[str, float]) -> dict[str, float]:
        """What the first process says."""
        if self.size == 1:
            return dict(value)
        said = torch.frombuffer(bytearray(json.dumps(dict(value)).encode()), dtype=torch.uint8)
        length = torch.tensor(len(said))
        together.broadcast(length, src=0)
        heard = said if self.main else torch.empty(int(length), dtype=torch.uint8)
        together.broadcast(heard, src=0)
        return dict(json.loads(heard.numpy().tobytes()))

    def gathered(self, named: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The tensors of all processes, by name; behind that of any but the first stands `.<rank>`."""
        if self.size == 1:
            return dict(named)
        all_of: dict[str, Tensor] = {}
        for name, tensor in named.items():
            found = [torch.empty_like(tensor) for _ in range(self.size)]
            together.all_gather(found, tensor)
            all_of |= {f"{name}.{rank}" if rank else name: one for rank, one in enumerate(found)}
        return all_of

    def own(self, gathered: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Of gathered tensors those of this process, by their first names; none if it had no part then."""
        if self.main:
            return {name: tensor for name, tensor in gathered.items() if "." not in name}
        mark = f".{self.rank}"
        return {name.removesuffix(mark): tensor for name, tensor in gathered.items() if name.endswith(mark)}

    def whole(self, tensor: Tensor) -> Tensor:
        """A tensor that may be divided among the processes; all ask for it in the same order."""
        return tensor.full_tensor() if isinstance(tensor, DTensor) else tensor

    def load(self, model: nn.Module, tensors: Mapping[str, Tensor]) -> None:
        """Give a model whole weights, of which it takes what it holds."""
        if not self.shard:
            model.load_state_dict(tensors)
            return
        model.load_state_dict({name: part_of(tensors[name], like=own) for name, own in model.state_dict().items()})

    def weights(self, model: nn.Module) -> dict[str, Tensor]:
        """A model's whole weights in the memory of the processor, for the first process; nothing for the others."""
        if not self.shard:
            return dict(model.cpu().state_dict()) if self.main else {}
        kept: dict[str, Tensor] = {}
        for name, tensor in model.state_dict().items():
            whole = self.whole(tensor)
            if self.main:
                kept[name] = whole.cpu()
        return kept

    def room(self, free: int) -> int:
        """Bytes of the machine's memory that this process may take."""
        return free // self.neighbours


ALONE = Process()


class _Learner(nn.Module):
    """A model behind one door: whoever watches a module's calls sees its `forward` alone, and a task may use others."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, use: Callable[[nn.Module], Found]) -> Found:
        return use(self.model)


def part_of(whole: Tensor, *, like: Tensor) -> Tensor:
    """Of a whole tensor the part that this process holds of one `like` it."""
    if not isinstance(like, DTensor) or whole.shape != like.shape:
        return whole
    return distribute_tensor(whole.to(like.device), like.device_mesh, like.placements, src_data_rank=None)


def per_process(number: int, process: Process) -> int:
    """Of so many weights, how many a process holds at most."""
    return math.ceil(number / process.size) if process.shard else number


@contextmanager
def joined(environment: Mapping[str, str] = os.environ, *, shard: bool) -> Iterator[Process]:
    """This process among the others, as the launcher's `RANK`, `WORLD_SIZE`, `MASTER_ADDR` and `MASTER_PORT` say.

    Waits until all are there. They share the processors of a machine evenly.
    """
    size, neighbours = int(environment["WORLD_SIZE"]), int(environment["LOCAL_WORLD_SIZE"])
    torch.set_num_threads(max(1, torch.get_num_threads() // neighbours))
    if torch.cuda.is_available():
        torch.cuda.set_device(int(environment["LOCAL_RANK"]) % torch.cuda.device_count())
    ours = not together.is_initialized()
    if ours:
        together.init_process_group(GPU_BACKEND if torch.cuda.is_available() else "gloo", timeout=PATIENCE)
    yield Process(int(environment["RANK"]), size, neighbours, shard=shard and size > 1)
    if ours:  # and all went well: with an error the process ends, and a farewell would wait for the others
        together.destroy_process_group()
