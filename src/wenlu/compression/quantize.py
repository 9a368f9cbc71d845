"""Fewer bits a number. These methods rewrite the export, and leave no weights behind."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_dynamic, quantize_static

from wenlu.base.errors import WenluError
from wenlu.base.spec import Field, Spec
from wenlu.bundle.manifest import ONNX, Description
from wenlu.bundle.predict import Ids, batches_by_length, padded
from wenlu.bundle.seal import Bundle
from wenlu.compression.graph import Graph
from wenlu.compression.means import Means, description_of, require_weights
from wenlu.compression.recurrent import recurrent_to_int8
from wenlu.compression.tables import tables_to_half, tables_to_int8
from wenlu.storage.local import write_atomic

_MULTIPLIED = ("MatMul", "Gemm", "Conv")
_LEAST = 1 << 13
"""Weights of a product that is worth it: the last layer of a classifier is not, and decides the most."""

_PREPARED = onnx.StringStringEntryProto(key="onnx.quant.pre_process", value="onnxruntime.quant")
"""Says that constants are computed already, so that ONNX Runtime does not warn."""


class Fp16:
    """Weights are kept as halves and computed with as singles: half the size, the same speed.

    ONNX Runtime has few kernels for halves on processors, and none for bfloat16; it would convert to and fro.
    """

    class Config(Spec):
        pass

    def __init__(self, config: Config) -> None:
        pass

    def __call__(self, parent: Bundle, folder: Path, means: Means) -> Description:
        graph = _read(parent)
        tables_to_half(graph)
        for name in _large(graph):
            half = graph.constant(graph.constants[name].astype(np.float16), like=name)
            graph.nodes.insert(0, graph.node("Cast", [half], output=name, to=onnx.TensorProto.FLOAT))
            del graph.constants[name]
        write_atomic(folder / ONNX, graph.to_bytes())
        return description_of(parent)


class Int8:
    """Weights and what they are multiplied with are int8: vectors row by row, matrices channel by channel, and inputs
    in ranges that training texts had. So an answer does not depend on what else is asked at the same time."""

    class Config(Spec):
        texts: int = Field(256, ge=1, le=100_000, description="Training texts that tell the ranges")

    def __init__(self, config: Config) -> None:
        self._texts = config.texts

    def __call__(self, parent: Bundle, folder: Path, means: Means) -> Description:
        def calibrated(source: Path, target: Path, names: list[str]) -> None:
            ids = parent.pipeline.encode(list(islice(means.dataset.bodies("train"), self._texts)))
            if not ids:
                raise WenluError("no_texts", f"{means.dataset.reference} has no training text to tell ranges from.")
            quantize_static(
                source,
                target,
                _Batches(ids),
                quant_format=QuantFormat.QDQ,
                per_channel=True,
                nodes_to_quantize=names,
                op_types_to_quantize=list(_MULTIPLIED),
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
            )

        write_atomic(folder / ONNX, _quantized(_read(parent), calibrated).to_bytes())
        return description_of(parent)


class Int8Dynamic:
    """The same with ranges that are taken anew from each batch: no texts are needed. Where a model multiplies matrices,
    its answers then depend on what else is asked, and the form is refused; an LSTM's don't, its ranges being known."""

    class Config(Spec):
        pass

    def __init__(self, config: Config) -> None:
        pass

    def __call__(self, parent: Bundle, folder: Path, means: Means) -> Description:
        def as_it_comes(source: Path, target: Path, names: list[str]) -> None:
            quantize_dynamic(
                source,
                target,
                per_channel=True,
                nodes_to_quantize=names,
                op_types_to_quantize=list(_MULTIPLIED),
                weight_type=QuantType.QInt8,
            )

        write_atomic(folder / ONNX, _quantized(_read(parent), as_it_comes).to_bytes())
        return description_of(parent)


def _read(parent: Bundle) -> Graph:
    """The parent's export; raises WenluError `no_export` where it has none."""
    if not (parent.folder / ONNX).is_file():
        raise WenluError(
            "no_export",
            f"{parent.title} is a model to {parent.manifest.task} and has no {ONNX} to quantise.",
            hint="Classifiers and models of numbers have one.",
        )
    require_weights(parent, doing="quantise again")
    return Graph.read((parent.folder / ONNX).read_bytes())


def _quantized(graph: Graph, products: Callable[[Path, Path, list[str]], None]) -> Graph:
    """LSTM layers, then products with constants, then tables."""
    recurrent_to_int8(graph)
    if names := _named_products(graph):
        with tempfile.TemporaryDirectory(prefix="wenlu-") as folder:
            source, target = Path(folder) / "source.onnx", Path(folder) / "target.onnx"
            model = graph.to_model()
            model.metadata_props.append(_PREPARED)
            source.write_bytes(model.SerializeToString())
            products(source, target, names)
            graph = Graph(onnx.load_from_string(target.read_bytes()))
    tables_to_int8(graph)
    return graph


def _named_products(graph: Graph) -> list[str]:
    """The names of the nodes that multiply with many constants."""
    found = []
    for number, node in enumerate(graph.nodes):
        if node.op_type in _MULTIPLIED and graph.constants.get(node.input[1], np.empty(0)).size >= _LEAST:
            node.name = f"product.{number}"
            found.append(node.name)
    return found


def _large(graph: Graph) -> list[str]:
    """Constants of singles that are worth it, those of tables done already left out."""
    used = {name for node in graph.nodes for name in node.input}
    return [
        name
        for name, array in graph.constants.items()
        if name in used and array.dtype == np.float32 and array.size >= _LEAST
    ]


class _Batches(CalibrationDataReader):  # type: ignore[misc]  # onnxruntime is untyped
    """Texts as a service would batch them."""

    def __init__(self, ids: list[list[int]]) -> None:
        self._batches: Iterator[tuple[Ids, Ids]] = (padded([ids[row] for row in rows]) for rows in _by_length(ids))

    def get_next(self) -> dict[str, Any] | None:
        batch = next(self._batches, None)
        return None if batch is None else {"tokens": batch[0], "lengths": batch[1]}


def _by_length(ids: list[list[int]]) -> Iterable[list[int]]:
    return batches_by_length([len(row) for row in ids])
