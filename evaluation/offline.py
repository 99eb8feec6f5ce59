"""What the same models do without any hurry: each gold segment whole, then its translation.

The recogniser sees one segment, padded with silence as Whisper was trained; the LLM translates its
transcript with the prompt and guards of a session, once by itself and once with the memory of the
segments before it. The first is the yardstick of the streamed run.
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.recordings import RATE, Recording
from models.config import ModelsConfig
from models.engines.llm import LanguageModel
from models.engines.whisper import WhisperEngine
from models.events import SessionSpec
from models.factory import load_recogniser, make_llm
from models.interpreter import NoTelemetry
from models.languages import space
from models.listening.hallucination import unlooped
from models.listening.script import simplified
from models.listening.window import Window
from models.listening.words import group, join
from models.speaking.translator import Translator

_WINDOW_FRAMES = 2900  # the most that the engine takes, padding included
_PIECE_S = 28
_TOKENS_A_SECOND = 9.0


@dataclass(frozen=True, slots=True)
class Offline:
    """Texts by segment of one recording. remembered: translated with memory."""

    recording: str
    sources: tuple[str, ...]
    targets: tuple[str, ...]
    remembered: tuple[str, ...]


class OfflineCascade:
    """Loaded models. One user at a time."""

    def __init__(self, recogniser: WhisperEngine, llm: LanguageModel, config: ModelsConfig) -> None:
        self._recogniser = recogniser
        self._llm = llm
        self._config = config

    async def run(self, recording: Recording, progress: Callable[[], None]) -> Offline:
        """All segments; `progress` is called after each. Raises EngineError, RecordingError."""
        audio = (recording.samples() / 32768).astype(np.float32)
        spec = SessionSpec(recording.source, recording.target)
        forgetful = self._config.speaking.model_copy(update={"memory_tokens": 0})
        config = self._config.model_copy(update={"speaking": forgetful})
        alone = Translator(self._llm.lane(), spec, config, NoTelemetry())
        remembering = Translator(self._llm.lane(), spec, self._config, NoTelemetry())
        sources: list[str] = []
        targets: list[str] = []
        remembered: list[str] = []
        try:
            for segment in recording.segments:
                piece = audio[round(segment.start_s * RATE) : round(segment.end_s * RATE)]
                source = await self.transcribe(piece, recording.source)
                sources.append(source)
                for translator, texts in ((alone, targets), (remembering, remembered)):
                    stream = translator.translate(source, recording.source)
                    texts.append("".join([text async for text in stream]).strip())
                progress()
        finally:
            alone.close()
            remembering.close()
        return Offline(recording.id, tuple(sources), tuple(targets), tuple(remembered))

    async def transcribe(self, samples: NDArray[np.float32], language: str) -> str:
        """The words in `samples`, float32 at 16 kHz, shape (n,); longer ones in pieces of 28 s."""
        step = _PIECE_S * RATE
        pieces = [samples[start : start + step] for start in range(0, len(samples), step)]
        texts = [await self._hear(piece, language) for piece in pieces]
        return simplified(space(language).join(texts))

    async def _hear(self, samples: NDArray[np.float32], language: str) -> str:
        window = Window(self._recogniser.n_mels)
        window.push(samples)
        frames = window.frames()
        hypothesis = await self._recogniser.hear(
            frames,
            language=language,
            max_new=math.ceil(len(samples) / RATE * _TOKENS_A_SECOND) + 4,
            padding_frames=_WINDOW_FRAMES - len(frames),
            beam_size=self._config.listening.beam_size,
            telemetry=NoTelemetry(),
        )
        count = unlooped(hypothesis.tokens, hypothesis.ends_s)
        ends = [round(end * 1000) for end in hypothesis.ends_s]
        words = group(
            hypothesis.tokens[:count],
            ends[:count],
            hypothesis.probs[:count],
            0,
            self._recogniser.decode,
        )
        return join(words, language)


@asynccontextmanager
async def open_cascade(config: ModelsConfig) -> AsyncIterator[OfflineCascade]:
    """The models of `config`, loaded. Raises WeightsError, ConfigError or EngineError."""
    recogniser = load_recogniser(config)
    llm = make_llm(config)
    try:
        await llm.start()
        yield OfflineCascade(recogniser, llm, config)
    finally:
        await llm.close()
        recogniser.close()
