"""LSTM layers with weights in int8 and states that are multiplied in int8.

ONNX Runtime's DynamicQuantizeLSTM takes the range of what it multiplies anew at each step, from all rows of a batch: so
an answer would depend on what else is asked at the same time. But the ranges are known: a state is between -1 and 1,
and a vector of an id is one of a table. Two units beside the real ones are held at both ends of the range, with weights
of 0. Then the range is the same for every batch, and so is every answer.
"""

from __future__ import annotations

import numpy as np
import onnx

from wenlu.base.errors import WenluError
from wenlu.compression.graph import Array, Graph, attributes

_ENDS = 2  # units that stand at the ends of the range
_SURE = 100.0  # a gate's bias that opens or closes it wholly
_HELD = 20.0  # a cell whose state is 1 in floats: tanh(20)
_GATES = 4  # in, out, forget, cell: the order of ONNX
_PASSING = frozenset({"Transpose", "Reshape", "GatherElements", "Squeeze", "Unsqueeze", "Slice", "Identity"})
"""Nodes whose values are those of their first input, elsewhere."""


def recurrent_to_int8(graph: Graph) -> bool:
    """Rewrite each LSTM node; whether there was one. Raises WenluError `no_int8` where a range isn't known."""
    layers = [node for node in graph.nodes if node.op_type == "LSTM"]
    stretched: dict[str, str] = {}
    for layer in layers:
        _straighten(graph, layer)
        _rewrite(graph, layer, stretched)
    return bool(layers)


def _rewrite(graph: Graph, layer: onnx.NodeProto, stretched: dict[str, str]) -> None:
    """`stretched`: of the output of each layer below, that with its units at the ends."""
    settings, name = attributes(layer), layer.output[0]
    if settings.get("direction", b"forward") != b"forward" or settings.get("layout", 0) or any(layer.output[1:]):
        raise _no_int8("its LSTM is of a kind that this method does not know")
    hidden = int(settings["hidden_size"])
    weights, recurrent, bias = (graph.constants[layer.input[place]] for place in (1, 2, 3))
    below = _below(graph, layer.input[0], stretched)
    new = []
    if below is not None:
        squeezed = graph.node("Squeeze", [below, graph.constant(np.array([1]), like="axis")])
        new.append(squeezed)
        vectors = squeezed.output[0]
    else:
        new += _with_ends(graph, layer.input[0], _bound(graph, layer.input[0]))
        vectors = new[-1].output[0]
    states, cells = _beginnings(graph, layer.input[0], hidden)
    new += [*states, *cells]
    wide = hidden + _ENDS
    numbers = [
        *_to_int8(graph, _stretched(weights, wide, weights.shape[2] + _ENDS)),
        *_to_int8(graph, _stretched(recurrent, wide, wide)),
    ]
    quick = graph.node(
        "DynamicQuantizeLSTM",
        [
            vectors,
            numbers[0],
            numbers[3],
            graph.constant(_stretched_bias(bias, hidden), like="bias"),
            "",
            states[-1].output[0],
            cells[-1].output[0],
            "",
            *numbers[1:3],
            *numbers[4:],
        ],
        domain="com.microsoft",
        hidden_size=wide,
        direction="forward",
    )
    places = [graph.constant(np.array([place]), like="place") for place in (0, hidden, 3)]
    stretched[name] = quick.output[0]
    graph.replace(layer, [*new, quick, graph.node("Slice", [*quick.output, *places], output=name)])


def _straighten(graph: Graph, layer: onnx.NodeProto) -> None:
    """States come as [T, 1, B, H]; the exporter turns and reshapes them by a dozen nodes to take one axis away."""
    for turned in graph.consumers(layer.output[0]):
        if turned.op_type != "Transpose" or attributes(turned)["perm"] != [0, 2, 1, 3]:
            continue
        for shaped in graph.consumers(turned.output[0]):
            if shaped.op_type == "Reshape":
                axis = graph.constant(np.array([1]), like="axis")
                inputs = [layer.output[0], axis]
                graph.replace(shaped, [graph.node("Squeeze", inputs, output=shaped.output[0])])


def _below(graph: Graph, value: str, stretched: dict[str, str]) -> str | None:
    """The stretched output of the layer that `value` [T, B, H] is the plain output of, if it is one."""
    producer = graph.producers().get(value)
    if producer is None or producer.op_type != "Squeeze":
        return None
    return stretched.get(producer.input[0])


def _bound(graph: Graph, value: str) -> float:
    """What no number of `value` exceeds."""
    producers = graph.producers()
    while (node := producers.get(value)) is not None and node.op_type in _PASSING:
        value = node.input[0]
    if node is not None and node.op_type == "Gather" and node.input[0] in graph.constants:
        return float(np.abs(graph.constants[node.input[0]]).max()) or 1.0
    raise _no_int8("the range of what its LSTM reads is not known")


def _with_ends(graph: Graph, value: str, bound: float) -> list[onnx.NodeProto]:
    """Nodes that put `bound` and `-bound` beside each vector of `value` [T, B, E]."""
    ends = graph.constant(np.array([[[bound, -bound]]], dtype=np.float32), like="ends")
    shape = graph.node("Shape", [value], start=0, end=2)
    sizes = graph.node("Concat", [*shape.output, graph.constant(np.array([_ENDS]), like="size")], axis=0)
    many = graph.node("Expand", [ends, *sizes.output])
    return [shape, sizes, many, graph.node("Concat", [value, *many.output], axis=2)]


def _beginnings(graph: Graph, value: str, hidden: int) -> tuple[list[onnx.NodeProto], list[onnx.NodeProto]]:
    """Nodes that make the first states and the first cells [1, B, H]: nothing, and at the ends what stays so."""
    rows = graph.node("Shape", [value], start=1, end=2)
    one, wide = (graph.constant(np.array([size]), like="size") for size in (1, hidden + _ENDS))
    sizes = graph.node("Concat", [one, *rows.output, wide], axis=0)
    made = []
    for end in (1.0, _HELD):
        first = np.zeros((1, 1, hidden + _ENDS), dtype=np.float32)
        first[..., hidden:] = (end, -end)
        made.append(graph.node("Expand", [graph.constant(first, like="first"), *sizes.output]))
    return [rows, sizes, made[0]], [made[1]]


def _stretched(weights: Array, hidden: int, width: int) -> Array:
    """Weights [1, 4H, W] with units and inputs of 0 behind."""
    old = weights.shape[1] // _GATES
    wide = np.zeros((1, _GATES, hidden, width), dtype=np.float32)
    wide[:, :, :old, : weights.shape[2]] = weights.reshape(1, _GATES, old, -1)
    return wide.reshape(1, _GATES * hidden, width)


def _stretched_bias(bias: Array, hidden: int) -> Array:
    """Biases [1, 8H] by which the units at the ends neither take anything in nor forget."""
    wide = np.zeros((1, 2, _GATES, hidden + _ENDS), dtype=np.float32)
    wide[..., :hidden] = bias.reshape(1, 2, _GATES, hidden)
    for gate, held in enumerate((-_SURE, _SURE, _SURE, 0.0)):
        wide[:, 0, gate, hidden:] = held
    return wide.reshape(1, -1)


def _to_int8(graph: Graph, weights: Array) -> tuple[str, str, str]:
    """Constants: int8 [1, W, 4H], and the scale and zero point of each unit of each gate [1, 4H]."""
    scales = np.abs(weights).max(axis=2) / 127
    scales[scales == 0] = 1
    numbers = np.rint(weights / scales[:, :, None]).clip(-127, 127).astype(np.int8).transpose(0, 2, 1)
    return (
        graph.constant(numbers, like="weights"),
        graph.constant(scales.astype(np.float32), like="scales"),
        graph.constant(np.zeros(scales.shape, dtype=np.int8), like="zeros"),
    )


def _no_int8(reason: str) -> WenluError:
    return WenluError(
        "no_int8",
        f"The model can't be computed in int8: {reason}.",
        hint="fp16 halves its size.",
    )
