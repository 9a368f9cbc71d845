"""Where a training computes, and in which numbers."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Literal

import torch

from wenlu.base.errors import WenluError
from wenlu.training.precision import KINDS, quickest_precision
from wenlu.training.settings import Device, Precision


@dataclass(frozen=True, slots=True)
class Place:
    """A device, and the numbers that matrix products are computed in there; weights are float32 everywhere."""

    device: torch.device
    precision: torch.dtype

    def computing(self) -> AbstractContextManager[object]:
        """Inside, matrix products have this precision."""
        if self.precision == torch.float32:
            return nullcontext()
        return torch.autocast(self.device.type, dtype=self.precision)

    def __str__(self) -> str:
        """For people: `2 threads, bfloat16`."""
        threads = torch.get_num_threads()
        if self.device.type == "cuda":
            where = f"GPU {torch.cuda.get_device_name(self.device)}"
        else:
            where = "the GPU" if self.device.type == "mps" else f"{threads} thread{'s' if threads > 1 else ''}"
        return f"{where}, {str(self.precision).removeprefix('torch.')}"


def choose_place(device: Device, precision: Precision, *, gains_by_half: bool) -> Place:
    """The device that was asked for, or the best there is, with the precision that is fastest there.

    `gains_by_half` says if the model spends its time in large matrix products. Raises WenluError `no_device` for a
    device that isn't there.
    """
    found = torch.device(_best() if device == "auto" else device)
    if found.type != "cpu" and device != "auto" and found.type != _best():
        raise WenluError(
            "no_device",
            f"training.device is {device}, and this machine has none that torch {torch.__version__} can use.",
            hint="Leave it at auto. For NVIDIA: make setup GPU=1.",
        )
    if precision == "auto":
        precision = _quickest(found) if gains_by_half else "float32"
    return Place(found, KINDS[precision])


def _quickest(device: torch.device) -> Literal["float32", "bfloat16"]:
    if device.type == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float32"
    return quickest_precision() if device.type == "cpu" else "float32"


def _best() -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"
