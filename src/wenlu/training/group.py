"""Processes that train together, by torch.distributed: gloo between processors, NCCL between GPUs."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta

import torch
import torch.distributed as together
from torch import Tensor, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor
from torch.nn.parallel import DistributedDataParallel

from wenlu.training.process import Door, Process

# Who waits for the others waits long: validation is the work of the first process, and may take hours. One that has
# ended is told by its closed connections, or by whoever launched it.
PATIENCE = timedelta(days=1)
GPU_BACKEND = "cpu:gloo,cuda:nccl"  # what lies in a processor's memory travels by gloo there too


@dataclass(frozen=True, slots=True)
class Member(Process):
    """A process among others, each with the whole model."""

    def learner(self, model: nn.Module, device: torch.device) -> nn.Module:
        # Parameters that a step did not use are looked for: some models have such ones. And then the order in which
        # gradients are summed never changes, so a resumed run sums as the first one did.
        return DistributedDataParallel(Door(model), broadcast_buffers=False, find_unused_parameters=True)

    def exchanging(self, learner: nn.Module, *, last: bool) -> AbstractContextManager[object]:
        return nullcontext() if last else learner.no_sync()

    def seed(self, seed: int) -> None:
        if self.rank:
            torch.manual_seed(seed + (self.rank << 32))

    def summed(self, sums: dict[str, float], *, counts: float = 1.0) -> dict[str, float]:
        values = torch.tensor(list(sums.values()), dtype=torch.float64) * counts
        together.all_reduce(values)
        return dict(zip(sums, values.tolist(), strict=True))

    def agreed(self, value: Mapping[str, float]) -> dict[str, float]:
        said = torch.frombuffer(bytearray(json.dumps(dict(value)).encode()), dtype=torch.uint8)
        length = torch.tensor(len(said))
        together.broadcast(length, src=0)
        heard = said if self.main else torch.empty(int(length), dtype=torch.uint8)
        together.broadcast(heard, src=0)
        return dict(json.loads(heard.numpy().tobytes()))

    def gathered(self, named: Mapping[str, Tensor]) -> dict[str, Tensor]:
        all_of: dict[str, Tensor] = {}
        for name, tensor in named.items():
            found = [torch.empty_like(tensor) for _ in range(self.size)]
            together.all_gather(found, tensor)
            all_of |= {f"{name}.{rank}" if rank else name: one for rank, one in enumerate(found)}
        return all_of


@dataclass(frozen=True, slots=True)
class Holder(Member):
    """A process that holds a part of the model (FSDP2: Zhao et al. 2023, by parameter)."""

    shard: bool = True

    def place(self, model: nn.Module, device: torch.device) -> nn.Module:
        mesh = init_device_mesh(device.type, (self.size,))
        for layers in [module for module in model.modules() if isinstance(module, nn.ModuleList)]:
            for layer in layers:
                fully_shard(layer, mesh=mesh)
        return model

    def learner(self, model: nn.Module, device: torch.device) -> nn.Module:
        return fully_shard(Door(model), mesh=init_device_mesh(device.type, (self.size,)))

    def exchanging(self, learner: nn.Module, *, last: bool) -> AbstractContextManager[object]:
        return nullcontext()  # behind every part: nobody has room for whole gradients

    def whole(self, tensor: Tensor) -> Tensor:
        return tensor.full_tensor() if isinstance(tensor, DTensor) else tensor

    def part(self, whole: Tensor, *, like: Tensor) -> Tensor:
        if not isinstance(like, DTensor) or whole.shape != like.shape:
            return whole
        return distribute_tensor(whole.to(like.device), like.device_mesh, like.placements, src_data_rank=None)

    def load(self, model: nn.Module, tensors: Mapping[str, Tensor]) -> None:
        model.load_state_dict({name: self.part(tensors[name], like=own) for name, own in model.state_dict().items()})

    def weights(self, model: nn.Module) -> dict[str, Tensor]:
        kept: dict[str, Tensor] = {}
        for name, tensor in model.state_dict().items():
            whole = self.whole(tensor)
            if self.main:
                kept[name] = whole.cpu()
        return kept


@contextmanager
def joined(environment: Mapping[str, str] = os.environ, *, shard: bool) -> Iterator[Process]:
    """This process among the others, as the launcher's `RANK`, `WORLD_SIZE`, `MASTER_ADDR` and `MASTER_PORT` say.

    Waits until all are there. They share the processors of a machine evenly.
    """
    rank, size, neighbours = (int(environment[name]) for name in ("RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE"))
    torch.set_num_threads(max(1, torch.get_num_threads() // neighbours))
    if torch.cuda.is_available():
        torch.cuda.set_device(int(environment["LOCAL_RANK"]) % torch.cuda.device_count())
    ours = not together.is_initialized()
    if ours:
        together.init_process_group(GPU_BACKEND if torch.cuda.is_available() else "gloo", timeout=PATIENCE)
    if size == 1:
        yield Process()
    else:
        yield (Holder if shard else Member)(rank, size, neighbours)
    if ours:  # and all went well: with an error the process ends, and a farewell would wait for the others
        together.destroy_process_group()
