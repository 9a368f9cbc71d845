"""Low-rank adapters (Hu et al. 2021) by peft: small matrices beside frozen ones, merged into them when all is learned.

While it trains, a model's own weights are not touched, and a checkpoint holds none of them: they come again from where
they came from. What a bundle gets has the names and shapes that it would have without.
"""

from __future__ import annotations

from collections.abc import Collection

import torch
from torch import Tensor, nn

from wenlu.base.errors import WenluError, did_you_mean, missing_package
from wenlu.training.settings import LoraConfig

_MARK = ".lora_A."  # in the name of a weight of an adapter
_HEADS = ("output", "attention")  # of a classifier: there is nothing learned in them that could be kept


def attach(model: nn.Module, config: LoraConfig, *, whole: Collection[str] = ()) -> list[str]:
    """Put an adapter beside each linear layer that `config` names, and freeze all else but the head and the weights
    called `whole`; the names of the layers. The model computes what it computed before.

    Raises WenluError `unknown_weights` for a target that names none, `no_layers` where there is none to adapt.
    """
    try:
        from peft import LoraConfig as Settings
        from peft import inject_adapter_in_model
    except ImportError:
        raise missing_package("peft", extra="hf") from None
    names = _chosen(model, config.targets)
    settings = Settings(
        r=config.rank, lora_alpha=config.alpha, lora_dropout=config.dropout, target_modules=names, bias="none"
    )
    inject_adapter_in_model(settings, model)
    for name, parameter in model.named_parameters():
        if name in whole or name.split(".")[0] in _HEADS:
            parameter.requires_grad_(True)
    return names


def frozen(model: nn.Module) -> frozenset[str]:
    """Of a model with adapters the names of the weights that stay as they are; of another, none."""
    names = dict(model.named_parameters())
    if not any(_MARK in name for name in names):
        return frozenset()
    return frozenset(name for name, parameter in names.items() if not parameter.requires_grad)


@torch.no_grad()
def merge(model: nn.Module) -> None:
    """Add each adapter to the weights beside it, and take it away; the model computes what it computed with it."""
    adapted = [(name, module) for name, module in model.named_modules() if hasattr(module, "lora_A")]
    for name, module in adapted:
        parent, _, last = name.rpartition(".")
        module.merge()
        setattr(model.get_submodule(parent), last, module.get_base_layer())


def without(tensors: dict[str, Tensor], names: Collection[str]) -> dict[str, Tensor]:
    return {name: tensor for name, tensor in tensors.items() if name not in names}


def _chosen(model: nn.Module, targets: list[str]) -> list[str]:
    """Full names of the linear layers inside the layers, or of those whose names end as a target says."""
    stacks = [name for name, module in model.named_modules() if isinstance(module, nn.ModuleList)]
    linear = [name for name, module in model.named_modules() if isinstance(module, nn.Linear)]
    inside = [name for name in linear if any(name.startswith(f"{stack}.") for stack in stacks)]
    if not inside:
        raise WenluError(
            "no_layers",
            "The model has no layers of which an adapter could stand beside a part.",
            hint="Leave training.lora out; training.freeze keeps weights too.",
        )
    ends = sorted({name.rpartition(".")[2] for name in inside})
    for target in targets:
        if not any(_ends(name, target) for name in inside):
            raise WenluError(
                "unknown_weights",
                f"No linear layer of the model is called '{target}'.{did_you_mean(target, ends)}",
                hint=f"Known: {', '.join(ends)}.",
            )
    return [name for name in inside if not targets or any(_ends(name, target) for target in targets)]


def _ends(name: str, target: str) -> bool:
    return name == target or name.endswith(f".{target}")
