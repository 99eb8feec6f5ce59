"""Whisper's own translation, streamed: what servers without a language model do.

The same ears (`Listener`) with Whisper's task "translate" instead of "transcribe": its words are
English, and those that two hypotheses in a row agree on (LocalAgreement-2, Liu et al. 2020, arXiv
2005.11185; as in Whisper-Streaming, Macháček et al. 2023, arXiv 2307.14743) are committed.
Only into English: that is the one task that Whisper was trained on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from models.channel import Channel
from models.config import ListeningConfig
from models.engines.whisper import Hypothesis, WhisperEngine
from models.errors import ConfigError
from models.events import (
    AudioInput,
    ChunkFinal,
    Flushed,
    InterpreterEvent,
    SessionSpec,
    TranslationDelta,
)
from models.interpreter import Telemetry
from models.listening.hearing import Hearing
from models.listening.listener import Heard, Listener
from models.listening.words import Word
from models.policy.base import ends_sentence

Events = Channel[InterpreterEvent]
_NEVER_MS = 60_000


class TranslatingEngine:
    """A `WhisperEngine` that translates whatever it is asked to hear."""

    def __init__(self, engine: WhisperEngine) -> None:
        self._engine = engine

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    async def hear(self, *arguments: Any, **options: Any) -> Hypothesis:
        """See `WhisperEngine.hear`."""
        return await self._engine.hear(*arguments, task="translate", **options)


class Direct:
    """One session; `Interpreter`. A chunk ends with a sentence or at a pause; it has no source."""

    def __init__(
        self,
        engine: WhisperEngine,
        config: ListeningConfig,
        spec: SessionSpec,
        telemetry: Telemetry,
    ) -> None:
        if spec.target != "en":
            raise ConfigError(
                "Whisper translates into English only: choose recordings into English"
            )
        # Words count by agreement alone.
        config = config.model_copy(update={"guard_ms": _NEVER_MS})
        ears = cast(WhisperEngine, TranslatingEngine(engine))
        self._listener = Listener(ears, config, spec.source, telemetry)
        self._step_ms = config.step_ms
        self._telemetry = telemetry
        self._chunk = 1
        self._said: list[Word] = []  # of the chunk that is open

    async def interpret(self, audio: Channel[AudioInput], events: Events) -> None:
        """See `Interpreter.interpret`."""

        async def heard(step: Heard) -> None:
            await self._commit(step, events)

        async def reached(marker: str) -> None:
            await self._end_chunk(self._listener.heard_ms, events)
            await events.send(Flushed(marker))

        await Hearing(self._listener, self._step_ms, events, heard, reached).run(audio)
        await self._end_chunk(self._listener.heard_ms, events)

    async def _commit(self, heard: Heard, events: Events) -> None:
        for sentence in _sentences(heard.stable):
            text = "".join(word.text for word in sentence)
            text = text if self._said else text.lstrip()
            if text:
                self._said += sentence
                await events.send(TranslationDelta(self._chunk, text, heard.heard_ms))
            if ends_sentence(sentence[-1]):
                await self._end_chunk(heard.heard_ms, events)
        if heard.pause_ms:
            await self._end_chunk(heard.heard_ms, events)

    async def _end_chunk(self, heard_ms: int, events: Events) -> None:
        if not self._said:
            return
        said, self._said = self._said, []
        text = "".join(word.text for word in said).lstrip()
        await events.send(
            ChunkFinal(self._chunk, "", text, said[0].start_ms, said[-1].end_ms, heard_ms=heard_ms)
        )
        self._telemetry.count("chunks")
        self._chunk += 1


def _sentences(words: Sequence[Word]) -> list[list[Word]]:
    """`words` cut after each that ends a sentence."""
    out: list[list[Word]] = []
    for word in words:
        if not out or ends_sentence(out[-1][-1]):
            out.append([])
        out[-1].append(word)
    return out
