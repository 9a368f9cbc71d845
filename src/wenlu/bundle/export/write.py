"""A sealed bundle in a form that other programs open, outside of it."""

from __future__ import annotations

import shutil
from pathlib import Path

from wenlu.base.component import component
from wenlu.base.errors import WenluError
from wenlu.bundle.manifest import ONNX, WEIGHTS
from wenlu.bundle.seal import Bundle
from wenlu.models import MODELS
from wenlu.storage.local import new_file


def write_export(bundle: Bundle, target: Path, *, to: str) -> None:
    """Write `bundle` as `to`: a Hugging Face folder (`hf`) of a language model, an ONNX file (`onnx`) of the others.

    Raises WenluError: `exists` if something stands at `target`, `no_export` where the bundle has no such form.
    """
    if target.exists():
        raise WenluError("exists", f"{target} is there already.", hint="Choose another name, or remove it.")
    if to == "hf" and bundle.manifest.task == "generate":
        _write_huggingface(bundle, target)
    elif to == "onnx" and (bundle.folder / ONNX).is_file():
        with (bundle.folder / ONNX).open("rb") as source, new_file(target) as file:
            shutil.copyfileobj(source, file)
    else:
        known = {"generate": "hf", "seq2seq": "none yet"}.get(bundle.manifest.task, "onnx")
        raise WenluError("no_export", f"{bundle.title} can't be written as '{to}'.", hint=f"Known for it: {known}.")


def _write_huggingface(bundle: Bundle, target: Path) -> None:
    from safetensors.torch import load_model

    from wenlu.bundle.export.hf import write_huggingface

    manifest = bundle.manifest
    named = component(MODELS, {"name": manifest.architecture.name, **manifest.architecture.config}, where="bundle")
    model = named.kind(named.config, vocabulary_size=manifest.vocabulary_size)
    load_model(model, bundle.folder / WEIGHTS)
    write_huggingface(model.eval(), bundle.pipeline, target, end=bundle.pipeline.tokenizer.end_id)
