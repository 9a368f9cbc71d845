"""A classifier as an ONNX graph with free batch and length.

The export runs in a process of its own. Torch's exporter remembers earlier exports of the same process: from the third
LSTM on it quietly fixed the length. A graph whose sizes are not free is refused in any case.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import onnx
import torch
from safetensors.torch import load_model

from wenlu.base.component import component
from wenlu.base.errors import WenluError
from wenlu.bundle.manifest import ONNX, WEIGHTS
from wenlu.bundle.seal import read_manifest
from wenlu.models import MODELS
from wenlu.storage.local import write_atomic

_FREE = {"tokens": ("batch", "length"), "lengths": ("batch",)}


def export_onnx(folder: Path) -> None:
    """Write `model.onnx` beside the weights of a bundle that is being made; `bundle.json` names the architecture.

    The graph takes `tokens` [batch, length] and `lengths` [batch], both int64, and gives `logits` [batch, labels].
    Raises WenluError `export_failed` with the exporter's last word.
    """
    command = [sys.executable, "-m", "wenlu.bundle.export.onnx", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no word"])[-1]
        raise WenluError("export_failed", f"The model can't be written as ONNX: {last}")


def _export(folder: Path) -> None:
    manifest = read_manifest(folder)
    architecture = manifest.architecture
    named = component(MODELS, {"name": architecture.name, **architecture.config}, where="architecture")
    model = named.kind(named.config, vocabulary_size=manifest.vocabulary_size, labels=manifest.outputs)
    load_model(model, folder / WEIGHTS)
    example = (torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]]), torch.tensor([5, 3]))
    batch, length = map(torch.export.Dim, _FREE["tokens"])
    program = torch.onnx.export(
        model.eval(),
        example,
        dynamo=True,
        input_names=list(_FREE),
        output_names=["logits"],
        dynamic_shapes=({0: batch, 1: length}, {0: batch}),
        external_data=False,
        verbose=False,
    )
    graph = program.model_proto
    _check(graph)
    _forget_where(graph)
    write_atomic(folder / ONNX, graph.SerializeToString(deterministic=True))


def _check(model: onnx.ModelProto) -> None:
    """Refuse a graph that takes one length only."""
    found = {one.name: tuple(size.dim_param for size in one.type.tensor_type.shape.dim) for one in model.graph.input}
    if found != _FREE:
        sys.exit(f"the exporter fixed a size that should be free: {found}")


def _forget_where(model: onnx.ModelProto) -> None:
    """Take out what the exporter notes of this machine: file names and stack traces.

    They tell strangers about our folders, and would make the same model another version in another place.
    """
    graph = model.graph
    noted = [model, graph, *graph.node, *graph.input, *graph.output, *graph.value_info, *graph.initializer]
    noted += [part for function in model.functions for part in (function, *function.node, *function.value_info)]
    for part in noted:
        part.ClearField("metadata_props")
        part.ClearField("doc_string")


if __name__ == "__main__":
    _export(Path(sys.argv[1]))
