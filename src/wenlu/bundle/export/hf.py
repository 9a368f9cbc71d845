"""A language model as a Hugging Face folder, which transformers, vLLM and llama.cpp's converter open: ours as a Qwen3,
one that came from such a folder as what it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from safetensors.torch import save
from torch import Tensor, nn

from wenlu.models.decoder import EPSILON, SPREAD, Decoder
from wenlu.storage.local import atomic_folder, write_atomic
from wenlu.text.export import export_huggingface
from wenlu.text.pipeline import TextPipeline


def write_huggingface(model: nn.Module, pipeline: TextPipeline, folder: Path, *, end: int | None) -> None:
    """Write the new `folder`: settings, weights, tokenizer, and how to generate; `end` is the id that ends a text.
    Where there is a template for conversations it is written too, and an answer ends with its mark.

    Plain `AutoModelForCausalLM` gives the logits of `model`, `AutoTokenizer` the ids of `pipeline`. Raises WenluError
    `no_export` where the text pipeline can't be expressed, and then writes nothing.
    """
    with atomic_folder(folder) as new:
        export_huggingface(pipeline, new)
        shape = _config(model, end=end) if isinstance(model, Decoder) else model.huggingface_config()
        stop = {"eos_token_id": pipeline.turns.stop} if pipeline.turns else {}
        _write_json(new / "config.json", {**shape, **stop})
        _write_json(new / "generation_config.json", _generation(pipeline, end=end))
        write_atomic(new / "model.safetensors", save(_weights(model), metadata={"format": "pt"}))


def _weights(model: nn.Module) -> dict[str, Tensor]:
    """Names are the library's already: our decoder's are Qwen3's."""
    return {name: tensor.detach().contiguous() for name, tensor in model.state_dict().items()}


def _config(model: Decoder, *, end: int | None) -> dict[str, Any]:
    shape, config = model.config.shape, model.config
    return {
        "architectures": ["Qwen3ForCausalLM"],
        "model_type": "qwen3",
        "vocab_size": model.projection.size(0),
        "hidden_size": shape.hidden,
        "intermediate_size": shape.intermediate,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.kv_heads,
        "head_dim": shape.head,
        "hidden_act": "silu",
        "attention_bias": False,
        "attention_dropout": 0.0,
        "max_position_embeddings": config.context,
        "rope_theta": config.rope_theta,  # where transformers 4, vLLM and llama.cpp look
        "rope_parameters": {"rope_type": "default", "rope_theta": config.rope_theta},  # where transformers 5 looks
        "rms_norm_eps": EPSILON,
        "initializer_range": SPREAD,
        "tie_word_embeddings": config.tied,
        "use_sliding_window": False,
        "use_cache": True,
        "bos_token_id": end,
        "eos_token_id": end,
        "dtype": str(model.projection.dtype).removeprefix("torch."),
        "torch_dtype": str(model.projection.dtype).removeprefix("torch."),
    }


def _generation(pipeline: TextPipeline, *, end: int | None) -> dict[str, Any]:
    """The likeliest id each time, as ours by default. What ends a text begins the next, so it begins the first too. An
    answer ends with any mark of a conversation, as ours does."""
    marks = sorted(pipeline.turns.marks.values()) if pipeline.turns else []
    stops = [*marks, *([] if end is None else [end])] if marks else end
    return {"bos_token_id": end, "eos_token_id": stops, "pad_token_id": end, "do_sample": False}


def _write_json(path: Path, data: dict[str, Any]) -> None:
    write_atomic(path, msgspec.json.format(msgspec.json.encode(data), indent=1))
