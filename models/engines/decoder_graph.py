"""Whisper's text decoder as ONNX graphs, from a CTranslate2 model's weights.

CTranslate2 decodes a forced prefix one token at a time, multiplies a single row by int8 weights
slowly on CPUs without VNNI, and runs all of it again to align. A streaming recogniser decodes the
same prefix at every step, so here the prefix is one batch, and the cross-attention of that same
pass is what aligns. Architecture: Radford et al. 2022 (arXiv 2212.04356), section 2.2.

`cross`, once a window: enc (T, d) -> ck{l} (heads, d_head, T), cv{l} (heads, T, d_head).
`step`: x (n, d), mask (n, past + n), pk{l} (heads, d_head, past), pv{l} (heads, past, d_head),
ck{l}, cv{l} -> hidden (n, d), attention (alignment heads, n, T), nk{l}, nv{l}: past and new.
`project`: hidden (n, d) -> logits (n, tokens).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

from models.errors import EngineError

_OPSET = 20
_IR = 10
_GELU = 3  # CTranslate2's number of the exact one
_MOST = 127
_NEVER = -1e9


@dataclass(frozen=True, slots=True)
class Shape:
    """Of a decoder: layers, width d, attention heads, vocabulary."""

    layers: int
    width: int
    heads: int
    vocabulary: int

    @property
    def head_width(self) -> int:
        """d_head."""
        return self.width // self.heads


def shape(weights: Mapping[str, NDArray[np.float32]]) -> Shape:
    """Raises EngineError when this is no Whisper decoder as we know it."""
    layers = 0
    while f"decoder/layer_{layers}/self_attention/linear_0/weight" in weights:
        layers += 1
    try:
        plain = (
            int(weights["decoder/activation"]) == _GELU
            and int(weights["decoder/pre_norm"]) == 1
            and int(weights["decoder/alibi"]) == 0
            and int(weights["decoder/scale_embeddings"]) == 0
        )
        vocabulary, width = weights["decoder/projection/weight"].shape
        heads = int(weights["decoder/num_heads"])
    except KeyError as error:
        raise EngineError(f"the recogniser's decoder has no {error}") from None
    if not (plain and layers):
        raise EngineError("the recogniser's decoder is not built like Whisper's")
    return Shape(layers, width, heads, vocabulary)


class _Graph:
    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []

    def constant(self, value: NDArray[np.generic]) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def op(self, kind: str, inputs: Sequence[str], output: str = "", **attributes: Any) -> str:
        output = output or f"{kind}{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def split(self, value: str, parts: int) -> list[str]:
        outputs = [f"Split{len(self.nodes)}_{part}" for part in range(parts)]
        self.nodes.append(helper.make_node("Split", [value], outputs, axis=-1, num_outputs=parts))
        return outputs

    def linear(
        self,
        value: str,
        weight: NDArray[np.float32],
        bias: NDArray[np.float32],
        *,
        quantised: bool,
    ) -> str:
        """value (n, in) by weight (out, in); quantised: int8 by output channel.

        Its activations share one scale over all n rows. Between layers that is exact enough for a
        single row only: over a batch it costs 3 points of CER, and is hardly faster than floats.
        """
        if not quantised:
            product = self.op("MatMul", [value, self.constant(weight.T)])
            return self.op("Add", [product, self.constant(bias)])
        scale = np.maximum(np.abs(weight).max(axis=1), 1e-12) / _MOST
        whole = np.clip(np.round(weight / scale[:, None]), -_MOST, _MOST).astype(np.int8)
        inputs = [
            value,
            self.constant(whole.T),
            self.constant(scale.astype(np.float32)),
            self.constant(np.zeros(len(scale), np.int8)),
            self.constant(bias),
        ]
        return self.op("DynamicQuantizeMatMul", inputs, domain="com.microsoft")

    def model(self, inputs: list[ValueInfoProto], outputs: list[ValueInfoProto]) -> bytes:
        graph = helper.make_graph(self.nodes, "decoder", inputs, outputs, self.constants)
        opsets = [helper.make_opsetid("", _OPSET), helper.make_opsetid("com.microsoft", 1)]
        model = helper.make_model(graph, opset_imports=opsets)
        model.ir_version = _IR
        return bytes(model.SerializeToString())


def _floats(name: str, dims: list[str | int]) -> ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, dims)


class DecoderGraph:
    """Builds the graphs."""

    def __init__(
        self,
        weights: Mapping[str, NDArray[np.float32]],
        alignment_heads: Sequence[tuple[int, int]],
        never: Sequence[int],
        *,
        tokens: int,
    ) -> None:
        """alignment_heads: (layer, head); never: tokens that are never said; tokens: how many of
        the vocabulary, from the first, have logits."""
        self._weights = weights
        self._alignment_heads = alignment_heads
        self._never = [token for token in never if token < tokens]
        self._tokens = tokens
        self._shape = shape(weights)

    def cross(self) -> bytes:
        """Keys and values of the encoder's output for every layer, as a serialised model."""
        graph, width = _Graph(), self._shape.width
        outputs: list[ValueInfoProto] = []
        for layer in range(self._shape.layers):
            both = self._linear(graph, "enc", f"decoder/layer_{layer}/attention/linear_1", True)
            keys, values = graph.split(both, 2)
            self._heads(graph, keys, [1, 2, 0], f"ck{layer}")
            self._heads(graph, values, [1, 0, 2], f"cv{layer}")
            outputs += self._cross_types(layer)
        return graph.model([_floats("enc", ["T", width])], outputs)

    def step(self, *, single: bool) -> bytes:
        """n tokens after `past` ones, as a serialised model; `single`: faster, for n = 1 only."""
        graph, heads, width = _Graph(), self._shape.heads, self._shape.head_width
        inputs = [_floats("x", ["n", self._shape.width]), _floats("mask", ["n", "total"])]
        outputs = [
            _floats("hidden", ["n", self._shape.width]),
            _floats("attention", [len(self._alignment_heads), "n", "T"]),
        ]
        value = "x"
        looks: list[str] = []
        for layer in range(self._shape.layers):
            inputs += [
                _floats(f"pk{layer}", [heads, width, "past"]),
                _floats(f"pv{layer}", [heads, "past", width]),
                *self._cross_types(layer),
            ]
            outputs += [
                _floats(f"nk{layer}", [heads, width, "total"]),
                _floats(f"nv{layer}", [heads, "total", width]),
            ]
            value = self._self_attention(graph, value, layer, single)
            value, look = self._cross_attention(graph, value, layer, single)
            looks += look
            value = self._feed_forward(graph, value, layer, single)
        graph.op("Identity", [value], "hidden")
        graph.op("Concat", looks, "attention", axis=0)
        return graph.model(inputs, outputs)

    def project(self) -> bytes:
        """Logits of hidden states, as a serialised model."""
        graph = _Graph()
        weight = self._weights["decoder/projection/weight"][: self._tokens]
        bias = np.zeros(self._tokens, np.float32)
        bias[self._never] = _NEVER
        normed = self._norm(graph, "hidden", "decoder")
        graph.op("Identity", [graph.linear(normed, weight, bias, quantised=True)], "logits")
        return graph.model(
            [_floats("hidden", ["n", self._shape.width])], [_floats("logits", ["n", self._tokens])]
        )

    def _cross_types(self, layer: int) -> list[ValueInfoProto]:
        heads, width = self._shape.heads, self._shape.head_width
        return [
            _floats(f"ck{layer}", [heads, width, "T"]),
            _floats(f"cv{layer}", [heads, "T", width]),
        ]

    def _self_attention(self, graph: _Graph, value: str, layer: int, single: bool) -> str:
        base = f"decoder/layer_{layer}/self_attention"
        normed = self._norm(graph, value, base)
        parts = graph.split(self._linear(graph, normed, f"{base}/linear_0", single), 3)
        query = self._heads(graph, self._scaled(graph, parts[0]), [1, 0, 2])
        key = self._heads(graph, parts[1], [1, 2, 0])
        held = self._heads(graph, parts[2], [1, 0, 2])
        keys = graph.op("Concat", [f"pk{layer}", key], f"nk{layer}", axis=2)
        values = graph.op("Concat", [f"pv{layer}", held], f"nv{layer}", axis=1)
        scores = graph.op("Add", [graph.op("MatMul", [query, keys]), "mask"])
        weights = graph.op("Softmax", [scores], axis=-1)
        mixed = self._joined(graph, graph.op("MatMul", [weights, values]))
        return graph.op("Add", [value, self._linear(graph, mixed, f"{base}/linear_1", single)])

    def _cross_attention(
        self, graph: _Graph, value: str, layer: int, single: bool
    ) -> tuple[str, list[str]]:
        base = f"decoder/layer_{layer}/attention"
        normed = self._norm(graph, value, base)
        asked = self._scaled(graph, self._linear(graph, normed, f"{base}/linear_0", single))
        scores = graph.op("MatMul", [self._heads(graph, asked, [1, 0, 2]), f"ck{layer}"])
        weights = graph.op("Softmax", [scores], axis=-1)
        looks = [
            graph.op("Gather", [weights, graph.constant(np.array([head], np.int64))], axis=0)
            for at, head in self._alignment_heads
            if at == layer
        ]
        mixed = self._joined(graph, graph.op("MatMul", [weights, f"cv{layer}"]))
        out = self._linear(graph, mixed, f"{base}/linear_2", single)
        return graph.op("Add", [value, out]), looks

    def _feed_forward(self, graph: _Graph, value: str, layer: int, single: bool) -> str:
        base = f"decoder/layer_{layer}/ffn"
        normed = self._norm(graph, value, base)
        inner = graph.op("Gelu", [self._linear(graph, normed, f"{base}/linear_0", single)])
        return graph.op("Add", [value, self._linear(graph, inner, f"{base}/linear_1", single)])

    def _linear(self, graph: _Graph, value: str, name: str, quantised: bool) -> str:
        weight, bias = self._weights[f"{name}/weight"], self._weights[f"{name}/bias"]
        return graph.linear(value, weight, bias, quantised=quantised)

    def _norm(self, graph: _Graph, value: str, base: str) -> str:
        parts = (self._weights[f"{base}/layer_norm/{part}"] for part in ("gamma", "beta"))
        inputs = [value, *(graph.constant(part) for part in parts)]
        return graph.op("LayerNormalization", inputs, axis=-1, epsilon=1e-5)

    def _scaled(self, graph: _Graph, query: str) -> str:
        scale = np.array(self._shape.head_width**-0.5, np.float32)
        return graph.op("Mul", [query, graph.constant(scale)])

    def _heads(self, graph: _Graph, value: str, order: list[int], output: str = "") -> str:
        """(n, d) as (n, heads, d_head), its axes in `order`."""
        dims = np.array([-1, self._shape.heads, self._shape.head_width], np.int64)
        parted = graph.op("Reshape", [value, graph.constant(dims)])
        return graph.op("Transpose", [parted], output, perm=order)

    def _joined(self, graph: _Graph, value: str) -> str:
        """(heads, n, d_head) as (n, d)."""
        dims = graph.constant(np.array([-1, self._shape.width], np.int64))
        return graph.op("Reshape", [graph.op("Transpose", [value], perm=[1, 0, 2]), dims])
