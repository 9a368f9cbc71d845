"""Tables of vectors that are looked up by number: they dominate small models of Chinese and Japanese."""

from __future__ import annotations

import numpy as np
import onnx

from wenlu.compression.graph import Array, Graph, attributes

_LEAST = 1 << 12
"""Numbers in a table that is worth it."""

_FLOAT = onnx.TensorProto.FLOAT


def tables_to_int8(graph: Graph) -> None:
    """Keep each row of a table as int8 with a scale of its own, so that one large vector costs no other anything."""
    kept: dict[str, tuple[str, str]] = {}
    for node in _lookups(graph):
        name = node.input[0]
        if name not in kept:
            table, scales = rows_to_int8(graph.constants[name])
            kept[name] = graph.constant(table, like=name), graph.constant(scales, like=name)
        rows, factors = (_looked_up(graph, node, table) for table in kept[name])
        cast = graph.node("Cast", rows.output, to=_FLOAT)
        graph.replace(node, [rows, factors, cast, _as(graph, node, "Mul", [*cast.output, *factors.output])])


def tables_to_half(graph: Graph) -> None:
    """Keep tables in half precision; what is looked up is computed with in single."""
    kept: dict[str, str] = {}
    for node in _lookups(graph):
        name = node.input[0]
        if name not in kept:
            kept[name] = graph.constant(graph.constants[name].astype(np.float16), like=name)
        rows = _looked_up(graph, node, kept[name])
        graph.replace(node, [rows, _as(graph, node, "Cast", rows.output, to=_FLOAT)])


def rows_to_int8(table: Array) -> tuple[Array, Array]:
    """int8 [V, E] and scales [V, 1]: row = int8 · scale, off by half a scale at most."""
    scales = np.abs(table).max(axis=1, keepdims=True).astype(np.float32) / 127
    scales[scales == 0] = 1
    return np.rint(table / scales).clip(-127, 127).astype(np.int8), scales


def _lookups(graph: Graph) -> list[onnx.NodeProto]:
    """Nodes that take rows of a table of floats."""
    producers = graph.producers()
    found = []
    for node in graph.nodes:
        table = graph.constants.get(node.input[0]) if node.input else None
        if table is None or table.dtype != np.float32 or table.ndim != 2 or table.size < _LEAST:
            continue
        by_row = node.op_type == "Gather" and attributes(node).get("axis", 0) == 0
        # the exporter writes tensor[numbers] so: the last axis of the numbers is new, and has one of them
        by_place = node.op_type == "GatherND" and _made_by(producers, node.input[1], "Unsqueeze")
        if by_row or by_place:
            found.append(node)
    return found


def _made_by(producers: dict[str, onnx.NodeProto], value: str, kind: str) -> bool:
    return value in producers and producers[value].op_type == kind


def _looked_up(graph: Graph, node: onnx.NodeProto, table: str) -> onnx.NodeProto:
    return graph.node(node.op_type, [table, node.input[1]], **attributes(node))


def _as(graph: Graph, old: onnx.NodeProto, kind: str, inputs: list[str], **settings: int) -> onnx.NodeProto:
    """A node that gives what `old` gave."""
    return graph.node(kind, inputs, output=old.output[0], **settings)
