"""The encoder's states of the stretches of a recording, as a session would have them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.log import SessionLog
from evaluation.recordings import RATE, Recording
from models.config import ModelsConfig
from models.engines.whisper import WhisperEngine
from models.factory import load_recogniser, make_scorer
from models.interpreter import NoTelemetry
from models.listening.states import States
from models.listening.window import Window
from models.recall.rating import Scorer

_WINDOW_MS = 8_000
_AROUND_MS = 500


@dataclass(frozen=True, slots=True)
class Ears:
    """What terms are listened for with. states: of the encoder, by recording, for each stretch."""

    scorer: Scorer
    states: Mapping[str, Sequence[NDArray[np.float32] | None]]


def stretches(session: SessionLog) -> list[tuple[int, int]]:
    """Of the session's chunks, in order: start and end in ms."""
    return [(one.start_ms, one.end_ms) for one in session.finals]


async def ears(
    config: ModelsConfig, parts: Sequence[tuple[Recording, Sequence[tuple[int, int]]]]
) -> Ears | None:
    """The recogniser's encoder on stretches of recordings, each recording once; None where
    `config` does not listen for terms."""
    scorer = make_scorer(config)
    if scorer is None:
        return None
    engine = load_recogniser(config)
    try:
        states = {recording.id: await encoded(engine, recording, some) for recording, some in parts}
    finally:
        engine.close()
    return Ears(scorer, states)


async def encoded(
    engine: WhisperEngine, recording: Recording, stretches: Sequence[tuple[int, int]]
) -> list[NDArray[np.float32] | None]:
    """Of each stretch (start, end in ms) with half a second around it: from a window of up to 8 s
    that ends where the stretch does."""
    audio = (recording.samples() / 32768).astype(np.float32)
    found = []
    for start_ms, end_ms in stretches:
        last_ms = end_ms + _AROUND_MS
        first_ms = max(0, min(start_ms - _AROUND_MS, last_ms - _WINDOW_MS)) // 20 * 20
        first_ms = max(first_ms, last_ms - 25_000)
        window = Window(engine.n_mels)
        window.push(audio[first_ms * RATE // 1000 : last_ms * RATE // 1000])
        hypothesis = await engine.hear(
            window.frames(),
            language=recording.source,
            max_new=1,
            padding_frames=250,
            keep_states=True,
            telemetry=NoTelemetry(),
        )
        states = States()
        if hypothesis.states is not None:
            states.put(first_ms, hypothesis.states)
        found.append(states.between(start_ms - _AROUND_MS, last_ms))
    return found
