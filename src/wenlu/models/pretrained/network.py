"""The networks of transformers: blank by their configuration, or with the weights of a source."""

from __future__ import annotations

import inspect
from typing import Any

import torch
from torch import Tensor, nn

from wenlu.base.errors import WenluError
from wenlu.models.pretrained.folder import Source, checked_architecture
from wenlu.models.pretrained.library import quietly


def blank(architecture: dict[str, Any], *, vocabulary_size: int, to_write: bool) -> nn.Module:
    """With weights by chance, and a vector for each of so many ids; raises WenluError."""
    kind, config = _kind_and_config(architecture, vocabulary_size=vocabulary_size, to_write=to_write)
    with quietly():
        try:
            return kind._from_config(config, **_how(kind, config, to_write=to_write))
        except (ValueError, TypeError, AttributeError, RuntimeError, AssertionError, KeyError) as error:
            raise _unfit(architecture, error) from None


def opened(source: Source, *, vocabulary_size: int, to_write: bool) -> nn.Module:
    """With the weights of `source`, as float32, and a vector for each of so many ids.

    Vectors that no id of the tokenizer has are left out; ids that have none get one by chance. Raises WenluError
    `bad_weights`, `weights_missing`.
    """
    architecture = source.architecture
    kind, config = _kind_and_config(architecture, vocabulary_size=None, to_write=to_write)
    with quietly():
        try:
            network, found = kind.from_pretrained(
                **source.where,
                config=config,
                local_files_only=True,
                use_safetensors=True,
                output_loading_info=True,
                **_how(kind, config, to_write=to_write),
            )
            if missing := sorted(found["missing_keys"]):
                raise WenluError(
                    "weights_missing",
                    f"{source.path} has no weights for {', '.join(missing[:4])}{', …' if len(missing) > 4 else ''}.",
                    hint="Its config.json and its weights don't belong together, or it was made for something else.",
                )
            if network.get_input_embeddings().num_embeddings != vocabulary_size:
                network.resize_token_embeddings(vocabulary_size, mean_resizing=False)
        except WenluError:
            raise
        except Exception as error:  # safetensors, gguf and torch raise dozens of classes for files that don't fit
            said = " ".join(str(error).split())
            raise WenluError("bad_weights", f"The weights of {source.path} can't be opened: {said[:300]}") from None
    network.config.vocab_size = vocabulary_size
    return network


def rows_of(network: nn.Module) -> int:
    """How many ids it has vectors for."""
    return int(network.get_input_embeddings().num_embeddings)


def _kind_and_config(architecture: dict[str, Any], *, vocabulary_size: int | None, to_write: bool) -> tuple[Any, Any]:
    data = checked_architecture(architecture, where="model.architecture")
    if vocabulary_size is not None:
        data = {**data, "vocab_size": vocabulary_size}
    with quietly():
        from transformers import AutoModel, AutoModelForCausalLM
        from transformers.models.auto.configuration_auto import CONFIG_MAPPING

        mapping = (AutoModelForCausalLM if to_write else AutoModel)._model_mapping
        try:
            config = CONFIG_MAPPING[data["model_type"]].from_dict(data)
            kind = mapping[type(config)]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise _unfit(data, error) from None
    reads = "input_ids" in inspect.signature(kind.forward).parameters
    if not reads or getattr(config, "is_encoder_decoder", False):
        raise WenluError(
            "unfit_architecture",
            f"'{data['model_type']}' does not read one row of ids after the other.",
            hint="Take an encoder such as bert or roberta, or a decoder such as qwen3 or llama.",
        )
    return kind, config


def _how(kind: Any, config: Any, *, to_write: bool) -> dict[str, Any]:
    """Numbers and attention; no part that only other tasks use."""
    taken = inspect.signature(kind.__init__).parameters
    without = {"add_pooling_layer": False} if "add_pooling_layer" in taken and not to_write else {}
    attention = "sdpa" if kind._supports_sdpa else "eager"
    return {"dtype": torch.float32, "attn_implementation": attention, **without}


def _unfit(architecture: dict[str, Any], error: Exception) -> WenluError:
    said = " ".join(str(error).split())
    return WenluError("unfit_architecture", f"'{architecture['model_type']}' can't be made: {said[:300]}")


def differs(one: Tensor, other: Tensor) -> bool:
    """Whether two results are apart by more than rounding."""
    return bool((one - other).abs().max() > 1e-3 * one.abs().max().clamp(min=1e-6))
