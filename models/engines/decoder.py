"""Whisper's text decoder on onnxruntime: a batch for what is known, then token by token.

What the last step heard but was not sure of is the `draft` of this one: it is checked in the same
batch as the prefix, and as much of it is kept as greedy decoding would say again (speculative
decoding, Leviathan et al. 2023, arXiv 2211.17192, with the stream's own past as the draft model).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from models.engines.alignment import token_frames
from models.engines.ct2_file import Ct2File
from models.engines.decoder_graph import DecoderGraph, shape
from models.engines.graph_session import open_graph
from models.errors import EngineError

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Decoded:
    """What follows the forced prefix.

    probs: of each new token among all that are text. end_frames: encoder frame where each token of
    the text ends, those of the prefix included. kept: how much of the draft was said again.
    """

    tokens: tuple[int, ...]
    probs: tuple[float, ...]
    end_frames: tuple[int, ...]
    kept: int


class Decoder:
    """One model; may be used from several threads at once."""

    def __init__(self, folder: Path, *, end_of_text: int, threads: int) -> None:
        """folder: a CTranslate2 Whisper model. Raises EngineError when it is of another kind."""
        weights = Ct2File(folder / "model.bin")
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        self.end = end_of_text
        self.shape = shape(weights)
        self._embeddings = weights["decoder/embeddings/weight"].astype(np.float16)
        self._positions = weights["decoder/position_encodings/encodings"]
        self._not_first = [int(token) for token in config.get("suppress_ids_begin", ())]
        graph = DecoderGraph(
            weights,
            [(int(layer), int(head)) for layer, head in config["alignment_heads"]],
            [int(token) for token in config.get("suppress_ids", ())],
            tokens=end_of_text + 1,
        )
        self._cross = _session(graph.cross(), threads)
        self._row = _session(graph.step(single=True), threads)
        self._rows = _session(graph.step(single=False), threads)
        self._project = _session(graph.project(), threads)

    def decode(
        self,
        encoded: Floats,
        prompt: Sequence[int],
        task: Sequence[int],
        prefix: Sequence[int],
        draft: Sequence[int],
        *,
        max_new: int,
        frames: int,
    ) -> Decoded:
        """Greedy text after `prompt` (earlier text), `task` (what to do) and `prefix`.

        encoded: encoder output, shape (T, d). draft: a guess at what follows. max_new: most new
        tokens. frames: how many of T hold audio, the rest being padding.
        """
        run = _Run(self, encoded)
        known = [*prompt, *task, *prefix]
        max_new = min(max_new, len(self._positions) - len(known))
        guess = list(draft[: max(0, max_new)])
        rows = run.feed([*known, *guess], asked=len(guess) + 1)
        if not prefix:
            rows[0, self._not_first] = -np.inf
        tokens: list[int] = []
        probs: list[float] = []
        kept = 0
        row = rows[0]
        while len(tokens) < max_new:
            token, prob = self._best(row)
            if token == self.end:
                break
            tokens.append(token)
            probs.append(prob)
            if kept == len(tokens) - 1 and kept < len(guess) and guess[kept] == token:
                kept += 1
                row = rows[kept]
                continue
            run.keep(len(known) + len(tokens) - 1)
            row = run.feed([token], asked=1)[0]
        run.keep(len(known) + len(tokens))
        attention = run.attention()[:, len(prompt) :, :frames]
        ends = token_frames(attention, len(task) - 1)[1:]
        return Decoded(tuple(tokens), tuple(probs), tuple(int(end) for end in ends), kept)

    def _best(self, logits: Floats) -> tuple[int, float]:
        """The most probable token, and its probability among those that are text."""
        token = int(logits.argmax())
        text = logits[: self.end]
        return token, float(1.0 / np.exp(text - logits[token]).sum())

    def embed(self, tokens: Sequence[int], position: int) -> Floats:
        """Input of the first layer, shape (n, d), of tokens that begin at `position`."""
        places = self._positions[position : position + len(tokens)]
        return self._embeddings[list(tokens)].astype(np.float32) + places

    def cross(self, encoded: Floats) -> dict[str, Floats]:
        """Keys and values of the encoder's output, by the graph's names."""
        return _named(self._cross, {"enc": encoded})

    def step(self, feeds: dict[str, Any]) -> dict[str, Floats]:
        """One pass of the layers; see `decoder_graph`."""
        return _named(self._row if len(feeds["x"]) == 1 else self._rows, feeds)

    def logits(self, hidden: Floats) -> Floats:
        """Of hidden states (n, d), shape (n, tokens)."""
        return _named(self._project, {"hidden": hidden})["logits"]


class _Run:
    """One window's decoding: keys, values and attention of the tokens fed so far."""

    def __init__(self, decoder: Decoder, encoded: Floats) -> None:
        self._decoder = decoder
        self._cross = decoder.cross(encoded)
        shape_ = decoder.shape
        self._past: dict[str, Floats] = {}
        for layer in range(shape_.layers):
            self._past[f"pk{layer}"] = np.zeros((shape_.heads, shape_.head_width, 0), np.float32)
            self._past[f"pv{layer}"] = np.zeros((shape_.heads, 0, shape_.head_width), np.float32)
        self._looks: list[Floats] = []
        self._count = 0

    def feed(self, tokens: Sequence[int], *, asked: int) -> Floats:
        """Logits after each of the last `asked` of `tokens`, shape (asked, vocabulary)."""
        count, past = len(tokens), self._count
        later = np.triu(np.full((count, past + count), -1e9, np.float32), past + 1)
        feeds = {
            "x": self._decoder.embed(tokens, past),
            "mask": later,
            **self._past,
            **self._cross,
        }
        found = self._decoder.step(feeds)
        self._count += count
        for layer in range(self._decoder.shape.layers):
            self._past[f"pk{layer}"] = found[f"nk{layer}"]
            self._past[f"pv{layer}"] = found[f"nv{layer}"]
        self._looks.append(found["attention"])
        return self._decoder.logits(found["hidden"][count - asked :])

    def keep(self, count: int) -> None:
        """Forget all but the first `count` tokens."""
        if count >= self._count:
            return
        for name, value in self._past.items():
            kept = value[..., :count] if name[1] == "k" else value[:, :count]
            self._past[name] = np.ascontiguousarray(kept)
        self._looks = [self.attention()[:, :count]]
        self._count = count

    def attention(self) -> Floats:
        """Cross-attention of the alignment heads, shape (heads, tokens fed, T)."""
        return np.concatenate(self._looks, axis=1)


def _session(model: bytes, threads: int) -> onnxruntime.InferenceSession:
    try:
        return open_graph(model, threads)
    except Exception as error:
        raise EngineError(f"the recogniser's decoder does not load: {error}") from error


def _named(session: onnxruntime.InferenceSession, feeds: dict[str, Any]) -> dict[str, Floats]:
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, feeds), strict=True))
