"""Beginning where another training ended: weights taken over, some of them frozen, some learned more slowly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

import torch
from torch import Tensor, nn

from wenlu.base.errors import WenluError, did_you_mean
from wenlu.training.optimizers import Weight


@dataclass(frozen=True, slots=True)
class Adopted:
    """Names of tensors: taken over, begun anew (the old model has none of that name and shape), and left behind."""

    taken: tuple[str, ...]
    new: tuple[str, ...]
    left: tuple[str, ...]

    def sentence(self, origin: str) -> str:
        """For people."""
        begun = f"; begun anew: {', '.join(self.new[:4])}{', …' if len(self.new) > 4 else ''}" if self.new else ""
        return f"begins with {len(self.taken)} of {len(self.taken) + len(self.new)} tensors of {origin}{begun}"


@torch.no_grad()
def adopt(model: nn.Module, tensors: Mapping[str, Tensor], *, origin: str) -> Adopted:
    """Give `model` the tensors that have its names and shapes; what it has besides stays as it is.

    Raises WenluError `nothing_to_adopt` if there is none, or only the last layer.
    """
    own = model.state_dict()
    taken = [name for name, tensor in own.items() if name in tensors and tensors[name].shape == tensor.shape]
    if not taken:
        raise WenluError(
            "nothing_to_adopt",
            f"The model has no tensor of the name and shape of one in {origin}.",
            hint="Give model: the architecture and sizes that it was trained with (wenlu model show).",
        )
    for name in taken:
        own[name].copy_(tensors[name])
    new = tuple(name for name in own if name not in taken)
    return Adopted(tuple(taken), new, tuple(name for name in tensors if name not in taken))


def chosen_weights(model: nn.Module, *, freeze: Sequence[str], rates: Mapping[str, float]) -> list[Weight]:
    """The parameters that are trained: all but those that take no gradient, and those whose names match a pattern of
    `freeze` (`embedding*`), which take none from now on. `rates` multiplies the learning rate of those that match; of
    several patterns, the last.

    Raises WenluError `unknown_weights` for a pattern that matches nothing, and `all_frozen`.
    """
    names = [name for name, _ in model.named_parameters()]
    for pattern in (*freeze, *rates):
        if not any(fnmatchcase(name, pattern) for name in names):
            raise WenluError(
                "unknown_weights",
                f"No weight of the model is called '{pattern}'.{did_you_mean(pattern, names)}",
                hint=f"Its weights: {', '.join(names[:12])}{', …' if len(names) > 12 else ''}",
            )
    weights = []
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        if any(fnmatchcase(name, pattern) for pattern in freeze):
            parameter.requires_grad_(False)
        else:
            scales = [scale for pattern, scale in rates.items() if fnmatchcase(name, pattern)]
            weights.append(Weight(name, parameter, scales[-1] if scales else 1.0))
    if not weights:
        raise WenluError("all_frozen", "training.freeze leaves no weight to train.", hint="Freeze fewer.")
    return weights
