"""A training's state on disk, in files of tensors that are whole or not there, and never a pickle.

`step-N.safetensors` holds everything at step N but the best weights, which lie in `best-R.safetensors` of the round R
that the checkpoint names. Files never change once written, so no kill can leave half of a state behind.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from wenlu.base.errors import WenluError
from wenlu.storage.local import new_file, sweep_partial
from wenlu.training.process import ALONE, Process

_STATE = "state"
_DTYPES = {
    torch.float32: "F32",
    torch.float64: "F64",
    torch.bfloat16: "BF16",
    torch.float16: "F16",
    torch.int64: "I64",
    torch.int32: "I32",
    torch.int8: "I8",
    torch.uint8: "U8",
    torch.bool: "BOOL",
}

Groups = Mapping[str, Mapping[str, Tensor]]


@dataclass(frozen=True, slots=True)
class Checkpoints:
    """The checkpoints of one training: the newest `keep` of them. Of several processes the first one writes.

    They hold whole tensors, however these were divided, so any number of processes can go on from them.
    """

    folder: Path
    keep: int = 1
    process: Process = ALONE

    def write(self, groups: Groups, state: Mapping[str, Any], *, step: int, best: int) -> None:
        """Keep the state at `step`; what it and the ones before it no longer need is removed."""
        write_tensors(self._at("step", step), groups, state, process=self.process)
        if not self.process.main:
            return
        for old in self._numbers("step")[: -self.keep]:
            self._at("step", old).unlink(missing_ok=True)
        for old in self._numbers("best"):
            if old < best:
                self._at("best", old).unlink(missing_ok=True)
        sweep_partial(self.folder)

    def write_best(self, tensors: Mapping[str, Tensor], *, number: int) -> None:
        """Keep the weights of the best round so far."""
        write_tensors(self._at("best", number), {"model": tensors}, {}, process=self.process)

    def newest(self) -> tuple[dict[str, dict[str, Tensor]], dict[str, Any]] | None:
        """What was last written, None if nothing was; raises WenluError `broken_checkpoint`."""
        newest = int(self.process.agreed({"step": max(self._numbers("step"), default=-1)})["step"])
        return read_tensors(self._at("step", newest)) if newest >= 0 else None

    def best(self, number: int) -> dict[str, Tensor]:
        """The weights of the best round."""
        return read_tensors(self._at("best", number))[0]["model"]

    def _at(self, kind: str, number: int) -> Path:
        return self.folder / f"{kind}-{number}.safetensors"

    def _numbers(self, kind: str) -> list[int]:
        return sorted(int(path.stem.partition("-")[2]) for path in self.folder.glob(f"{kind}-*.safetensors"))


def write_tensors(path: Path, groups: Groups, state: Mapping[str, Any], *, process: Process = ALONE) -> None:
    """Put groups of named tensors and a state that JSON can hold at `path`, one tensor after the other: a copy of all
    of them at once, as the library makes, would be what a large training has no memory for. Of several processes the
    first one writes; the others give it their parts."""
    flat = {f"{group}/{name}": tensor for group, named in groups.items() for name, tensor in named.items()}
    header: dict[str, Any] = {"__metadata__": {_STATE: json.dumps(state)}}
    end = 0
    for name, tensor in sorted(flat.items(), key=lambda entry: -entry[1].element_size()):  # so that all are aligned
        start, end = end, end + tensor.nbytes
        header[name] = {"dtype": _DTYPES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [start, end]}
    names = list(header)[1:]
    if not process.main:
        for name in names:
            process.whole(flat[name])
        return
    said = json.dumps(header).encode()
    said += b" " * (-len(said) % 8)
    with new_file(path) as file:
        file.write(len(said).to_bytes(8, "little") + said)
        for name in names:
            file.write(process.whole(flat[name]).detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())


def read_tensors(path: Path) -> tuple[dict[str, dict[str, Tensor]], dict[str, Any]]:
    """What `write_tensors` put at `path`; raises WenluError `broken_checkpoint`."""
    try:
        with safe_open(path, framework="pt") as file:
            state = json.loads(file.metadata()[_STATE])
            groups: dict[str, dict[str, Tensor]] = {}
            for key in file.keys():  # noqa: SIM118  (not a mapping: it has keys() alone)
                group, _, name = key.partition("/")
                groups.setdefault(group, {})[name] = file.get_tensor(key)
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        raise WenluError(
            "broken_checkpoint",
            f"{path} can't be read: {error}.",
            hint="Remove it to go on from the one before it, if there is one, or to start again.",
        ) from None
    return groups, state


def optimizer_tensors(optimizers: Iterable[torch.optim.Optimizer]) -> dict[str, Tensor]:
    """What optimisers remember of each parameter, by `<optimiser>.<number of the parameter>.<name>`."""
    return {
        f"{place}.{number}.{name}": tensor
        for place, optimizer in enumerate(optimizers)
        for number, named in optimizer.state_dict()["state"].items()
        for name, tensor in named.items()
    }


def restore_optimizers(
    optimizers: Sequence[torch.optim.Optimizer], tensors: Mapping[str, Tensor], *, process: Process = ALONE
) -> None:
    """Give optimisers of the same parameters their memory back."""
    parameters = [[one for group in optimizer.param_groups for one in group["params"]] for optimizer in optimizers]
    states: list[dict[int, dict[str, Tensor]]] = [{} for _ in optimizers]
    for key, tensor in tensors.items():
        place, number, name = key.split(".", 2)
        own = process.part(tensor, like=parameters[int(place)][int(number)])
        states[int(place)].setdefault(int(number), {})[name] = own
    for optimizer, state in zip(optimizers, states, strict=True):
        optimizer.load_state_dict({**optimizer.state_dict(), "state": state})
