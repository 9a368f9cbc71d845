"""Rewriting an ONNX graph: constants, nodes, and what nobody needs any more."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import helper, numpy_helper

Array = NDArray[Any]

_ERRORS_ONLY = 3
_DOMAINS = ("", "com.microsoft")


class Graph:
    """A model whose constants and nodes can be replaced. Nodes stay in an order in which they can be computed."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self.model = model
        self.nodes: list[onnx.NodeProto] = list(model.graph.node)
        self.constants: dict[str, Array] = {one.name: numpy_helper.to_array(one) for one in model.graph.initializer}
        self._numbers = 0

    @classmethod
    def read(cls, content: bytes) -> Graph:
        """With all that hangs on constants alone computed, so that every weight is a constant."""
        return cls(_folded(content))

    def producers(self) -> dict[str, onnx.NodeProto]:
        """The node that gives each value."""
        return {name: node for node in self.nodes for name in node.output}

    def consumers(self, value: str) -> list[onnx.NodeProto]:
        return [node for node in self.nodes if value in node.input]

    def constant(self, array: Array, *, like: str) -> str:
        """The name of a new constant."""
        name = self.new_name(like)
        self.constants[name] = array
        return name

    def new_name(self, like: str) -> str:
        self._numbers += 1
        return f"{like}.{self._numbers}"

    def node(self, kind: str, inputs: Sequence[str], *, output: str = "", **attributes: Any) -> onnx.NodeProto:
        """A new node of one output, which is not in the graph yet."""
        return helper.make_node(kind, list(inputs), [output or self.new_name(kind.lower())], **attributes)

    def replace(self, old: onnx.NodeProto, new: Iterable[onnx.NodeProto]) -> None:
        """Put new nodes in the place of one."""
        at = next(place for place, node in enumerate(self.nodes) if node is old)
        self.nodes[at : at + 1] = new

    def to_model(self) -> onnx.ModelProto:
        """The model without what nobody needs, and without what tools have noted in it."""
        needed = self._needed()
        model, graph = onnx.ModelProto(), onnx.GraphProto()
        model.CopyFrom(self.model)
        used = {name for node in needed for name in node.input}
        graph.name = "model"
        graph.node.extend(needed)
        graph.input.extend(self.model.graph.input)
        graph.output.extend(self.model.graph.output)
        graph.initializer.extend(
            numpy_helper.from_array(np.ascontiguousarray(array), name)
            for name, array in self.constants.items()
            if name in used
        )
        for node in graph.node:
            node.ClearField("doc_string")
            node.ClearField("metadata_props")
        model.graph.CopyFrom(graph)
        model.ClearField("metadata_props")
        model.ClearField("doc_string")
        model.ClearField("opset_import")
        known = {one.domain: one.version for one in self.model.opset_import}
        model.opset_import.extend(helper.make_opsetid(domain, known.get(domain, 1)) for domain in _DOMAINS)
        return model

    def to_bytes(self) -> bytes:
        """The same bytes for the same graph."""
        content: bytes = self.to_model().SerializeToString(deterministic=True)
        return content

    def _needed(self) -> list[onnx.NodeProto]:
        wanted = {one.name for one in self.model.graph.output}
        kept = []
        for node in reversed(self.nodes):
            if wanted.intersection(node.output):
                wanted.update(node.input)
                kept.append(node)
        return kept[::-1]


def attributes(node: onnx.NodeProto) -> dict[str, Any]:
    """A node's settings by name."""
    return {one.name: helper.get_attribute_value(one) for one in node.attribute}


def _folded(content: bytes) -> onnx.ModelProto:
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.log_severity_level = _ERRORS_ONLY
    with tempfile.TemporaryDirectory(prefix="wenlu-") as folder:
        path = Path(folder) / "folded.onnx"
        options.optimized_model_filepath = str(path)
        onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        return onnx.load_from_string(path.read_bytes())
