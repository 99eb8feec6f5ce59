"""How likely a term is spoken, by the audio itself: CLASI's multimodal retriever.

arXiv 2407.21646, section 3.2. The audio side is what the recogniser's encoder has computed anyway;
keys are phones. `training/retriever` trains it; the graph is `weights/scorer.onnx`, what is known
of it `weights/scorer.json`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.engines.graph_session import open_graph
from models.errors import EngineError, WeightsError
from models.recall.phones import SYMBOLS, Phones

WEIGHTS = Path(__file__).parent / "weights" / "scorer.onnx"
"""What comes with the package: for the states of Whisper base."""
STATE_WIDTH = 512
PER_SYLLABLE = 3
LONGEST = 12
"""Syllables of a key that count; a longer one is scored by its first ones."""
UNKNOWN = len(SYMBOLS) + 1
IDS = {symbol: at for at, symbol in enumerate(SYMBOLS, 1)}
"""0 is padding; UNKNOWN stands for any symbol that is not in the inventory."""
_MOST_STATES = 1500  # 30 s, which is all that Whisper encodes
_AT_ONCE = 256  # keys a run: bounds its memory


class SpeechScorer:
    """One graph for all sessions; `score` may be called from several threads.

    threshold: the least probability to believe (precision 0.95 on validation words, of which a
    quarter was spoken and half were near-homophones). about: what `scorer.json` holds.
    """

    def __init__(self, path: Path = WEIGHTS, threads: int = 1) -> None:
        """path: the graph; its description is beside it, with the ending .json.

        Raises WeightsError when either is missing or does not fit this inventory of symbols.
        """
        self.about = _about(path.with_suffix(".json"))
        self.threshold = float(self.about["threshold"])
        try:
            self._graph = open_graph(str(path), threads)
        except Exception as error:  # onnxruntime's share no base
            raise WeightsError(f"the scorer's graph {path} does not load: {error}") from error

    def score(self, states: NDArray[np.float32], keys: Sequence[Phones]) -> NDArray[np.float32]:
        """P(spoken) of each of `keys`, shape (n,), in [0, 1]. Each key is scored by itself.

        states: shape (T, 512), T at most 1500, 50 a second: Whisper base's encoder output of about
        one chunk (0.5 to 12 s is what it was trained on) with up to a second around it. A key
        without symbols, and any key where T is 0, scores 0.
        Raises EngineError for other shapes, and when the graph fails.
        """
        if states.ndim != 2 or states.shape[1] != STATE_WIDTH or len(states) > _MOST_STATES:
            raise EngineError(
                f"the scorer takes states of shape (T, {STATE_WIDTH}), T at most {_MOST_STATES}, "
                f"not {states.shape}: they are not Whisper base's"
            )
        scores = np.zeros(len(keys), np.float32)
        asked = [at for at, key in enumerate(keys) if key]
        if not len(states):
            return scores
        given = np.ascontiguousarray(states, dtype=np.float32)
        for start in range(0, len(asked), _AT_ONCE):
            part = asked[start : start + _AT_ONCE]
            scores[part] = self._run(given, key_ids([keys[at] for at in part]))
        return scores

    def _run(self, states: NDArray[np.float32], ids: NDArray[np.int64]) -> NDArray[np.float32]:
        try:
            found: NDArray[np.float32] = self._graph.run(None, {"states": states, "keys": ids})[0]
        except Exception as error:  # onnxruntime's share no base
            raise EngineError(f"the scorer failed: {error}") from error
        return found


def key_ids(keys: Sequence[Phones]) -> NDArray[np.int64]:
    """Shape (n, syllables of the longest, 3): what the graph takes; 0 where there is nothing."""
    cut = [key[: LONGEST * PER_SYLLABLE] for key in keys]
    length = max((len(key) + PER_SYLLABLE - 1) // PER_SYLLABLE for key in cut)
    ids = np.zeros((len(keys), length * PER_SYLLABLE), np.int64)
    for row, key in zip(ids, cut, strict=True):
        row[: len(key)] = [IDS.get(symbol, UNKNOWN) for symbol in key]
    return ids.reshape(len(keys), length, PER_SYLLABLE)


def inventory() -> str:
    """A hash of SYMBOLS: weights fit one inventory only."""
    return hashlib.sha256("\n".join(SYMBOLS).encode()).hexdigest()[:16]


def _about(path: Path) -> dict[str, Any]:
    try:
        about: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise WeightsError(
            f"the scorer's description {path} cannot be read: {error}; it belongs to the graph"
        ) from error
    trained = about.get("symbols") if isinstance(about, dict) else None
    if trained != inventory():
        raise WeightsError(
            f"the scorer in {path.parent} was trained on other symbols ({trained}) than "
            f"models.recall.phones has ({inventory()}): train it again, as "
            "training/retriever/README.md says"
        )
    if not isinstance(about.get("threshold"), float):
        raise WeightsError(f"{path} has no threshold: write it again by training.retriever.finish")
    return about
