"""The mean of a model's weights over its last steps, which answers better than any single step's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from wenlu.training.lora import frozen
from wenlu.training.process import ALONE, Process


class Average:
    """Exponential moving average of the floating-point weights (Polyak and Juditsky 1992; Tarvainen and Valpola 2017).

    After t steps the decay is min(`decay`, (1 + t) / (10 + t)), so that the beginning is soon forgotten.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self._decay = decay
        self.tensors = {name: tensor.detach().clone() for name, tensor in _averaged(model).items()}

    @torch.no_grad()
    def take(self, model: nn.Module, *, steps: int) -> None:
        """Count the weights that the model has after `steps` steps."""
        share = 1 - min(self._decay, (1 + steps) / (10 + steps))
        current = _averaged(model)
        torch._foreach_lerp_(list(self.tensors.values()), [current[name] for name in self.tensors], share)

    def load(self, tensors: Mapping[str, Tensor], *, process: Process = ALONE) -> None:
        """Go on with an average that was saved."""
        for name, tensor in self.tensors.items():
            tensor.copy_(process.part(tensors[name], like=tensor))

    @contextmanager
    def lent_to(self, model: nn.Module) -> Iterator[None]:
        """The model has the average for its weights until the block ends."""
        current = _averaged(model)
        kept = {name: tensor.detach().clone() for name, tensor in current.items()}
        _put(current, self.tensors)
        try:
            yield
        finally:
            _put(current, kept)


def _averaged(model: nn.Module) -> dict[str, Tensor]:
    still = frozen(model)
    return {
        name: tensor for name, tensor in model.state_dict().items() if tensor.is_floating_point() and name not in still
    }


@torch.no_grad()
def _put(into: Mapping[str, Tensor], tensors: Mapping[str, Tensor]) -> None:
    for name, tensor in tensors.items():
        into[name].copy_(tensor)
