"""The cascade: encoder, recogniser, chunk policy, LLM on text. One `Interpreter` a session.

Two tasks: `listen` turns audio into stable words and never waits for the LLM; `speak` asks the
policy, translates chunk by chunk, and previews the rest when there is capacity.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left, bisect_right
from contextlib import aclosing

import numpy as np
from numpy.typing import NDArray

from models.channel import Channel
from models.config import ModelsConfig
from models.engines.llm import LanguageModel
from models.engines.whisper import WhisperEngine
from models.errors import EngineBusyError, EngineError
from models.events import (
    AudioInput,
    ChunkFinal,
    Failure,
    Flushed,
    InterpreterEvent,
    SessionSpec,
    TranscriptPartial,
    TranslationDelta,
)
from models.interpreter import Telemetry
from models.listening.hearing import Hearing
from models.listening.listener import Heard, Listener
from models.listening.states import States
from models.listening.words import Word, join, places
from models.load import Load, LoadTelemetry
from models.pending import Pending
from models.policy import Cut, Evidence, clear, make_policy
from models.previews import Previews
from models.recall.rating import Scorer
from models.speaking.translator import Translator

Events = Channel[InterpreterEvent]
_AROUND_MS = 500  # word times are rough
_NEAR = 24  # words on each side of a cut in which a term may go through it
_RECHECK_S = 0.1  # silence grows without events: how often the policy looks at it


class Cascade:
    """One session; see `Interpreter`."""

    def __init__(
        self,
        recogniser: WhisperEngine,
        llm: LanguageModel,
        config: ModelsConfig,
        spec: SessionSpec,
        telemetry: Telemetry,
        load: Load,
        scorer: Scorer | None = None,
    ) -> None:
        self._telemetry = LoadTelemetry(telemetry, load)
        self._load = load
        self._config = config
        self._spec = spec
        self._llm = llm
        with_terms = bool(spec.terms) or spec.glossaries is not None
        self._states = States() if scorer is not None and with_terms else None
        self._listener = Listener(
            recogniser, config.listening, spec.source, self._telemetry, states=self._states
        )
        self._policy = make_policy(config.policy)
        self._translator = Translator(llm.lane(), spec, config, self._telemetry, scorer)
        self._pending = Pending(self._listener.language)
        self._previews = Previews(
            self._pending,
            self._translator,
            llm,
            config.speaking,
            load,
            self._telemetry,
            spec.target,
            self._due,
        )
        self._chunks = 0
        self._shown = TranscriptPartial("", 0, 0)

    async def interpret(self, audio: Channel[AudioInput], events: Events) -> None:
        """See `Interpreter.interpret`."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._listen(audio, events), name="listen")
                tasks.create_task(self._speak(events), name="speak")
        finally:
            self._translator.close()

    # listen ------------------------------------------------------------------------------

    async def _listen(self, audio: Channel[AudioInput], events: Events) -> None:
        async def heard(step: Heard) -> None:
            self._pending.hear(step)
            await self._show(events)
            await self._pending.room()

        async def reached(marker: str) -> None:
            self._pending.mark(marker)

        step_ms = self._config.listening.step_ms
        hearing = Hearing(
            self._listener, step_ms, events, heard, reached, silent=self._pending.silent
        )
        await hearing.run(audio)
        self._pending.close()

    async def _show(self, events: Events) -> None:
        """Send the uncommitted source words, if they changed."""
        words = self._pending.uncommitted
        text = join(words, self._pending.language)
        if text == self._shown.text:
            return
        start = words[0].start_ms if words else self._pending.heard_ms
        end = words[-1].end_ms if words else self._pending.heard_ms
        self._shown = TranscriptPartial(text, start, end)
        await events.send(self._shown)

    # speak -------------------------------------------------------------------------------

    async def _speak(self, events: Events) -> None:
        while True:
            await self._commit_all(events)
            marker = self._pending.reached()
            if marker is not None:
                await events.send(Flushed(marker))
                continue
            if self._pending.drained:
                return
            waiting = self._pending.evidence() is not None
            if self._spec.previews:
                await self._previews.make(events)
            await self._pending.changed(_RECHECK_S if waiting else None)

    async def _due(self) -> bool:
        """Whether the policy would end a chunk now, without asking the LLM."""
        evidence = self._pending.evidence()
        if evidence is None:
            return False
        try:
            return (await self._policy.decide(evidence, _unasked)).count > 0
        except _UnaskedError:
            return False

    async def _commit_all(self, events: Events) -> None:
        while (evidence := self._pending.evidence()) is not None:
            try:
                cut = await self._policy.decide(evidence, self._boundary)
            except EngineError as error:
                # Without the LLM's opinion the policy still has its other evidence.
                self._telemetry.count("boundary_failed")
                await events.send(Failure("llm_failed", f"no boundary could be found: {error}"))
                cut = Cut(len(evidence.words), evidence.heard_ms)
            cut = await self._clear_of_terms(cut, evidence)
            if not cut.count:
                return
            await self._commit(self._pending.take(cut.count), cut.heard_ms, events)

    async def _clear_of_terms(self, cut: Cut, evidence: Evidence) -> Cut:
        """`cut`, and no term goes on behind it: neither chunk would have the whole of it."""
        words = (*evidence.words, *evidence.tail)
        if not 0 < cut.count < len(words):
            return cut
        first = max(0, cut.count - _NEAR)
        near = words[first : cut.count + _NEAR]
        at = places(near, evidence.language)
        spans = await self._translator.terms_in(join(near, evidence.language))
        numbered = [(bisect_right(at, start) - 1, bisect_left(at, stop)) for start, stop in spans]
        spoken = [(first + start, first + stop) for start, stop in numbered]
        return clear(cut, len(evidence.words), spoken)

    async def _boundary(self, words: tuple[Word, ...]) -> float | None:
        """The LLM's opinion; it gets one retry."""
        language = self._pending.language
        text = join(words, language)
        try:
            return await self._translator.boundary(text, language)
        except EngineBusyError:
            raise
        except EngineError:
            self._telemetry.count("retry")
            return await self._translator.boundary(text, language)

    async def _commit(self, words: tuple[Word, ...], heard_ms: int, events: Events) -> None:
        language = self._pending.language
        source = join(words, language).lstrip("，。、；,;. ")  # marks of the chunk before
        self._chunks += 1
        chunk = self._chunks
        pieces: list[str] = []
        try:
            stream = self._translator.translate(source, language, self._audio_of(words))
            async with aclosing(stream):
                async for piece in stream:
                    if not pieces:
                        await self._previews.withdraw(events)  # it said the same, less surely
                    pieces.append(piece)
                    await events.send(TranslationDelta(chunk, piece, heard_ms))
        except EngineError as error:
            await events.send(
                Failure(
                    "translation_failed", f"chunk {chunk} ({source}) has no translation: {error}"
                )
            )
        await self._previews.withdraw(events)
        await events.send(
            ChunkFinal(
                chunk,
                source,
                "".join(pieces),
                words[0].start_ms,
                words[-1].end_ms,
                self._translator.used,
                heard_ms,
            )
        )
        self._telemetry.count("chunks")
        self._pending.spoken()
        self._previews.committed()
        await self._show(events)

    def _audio_of(self, words: tuple[Word, ...]) -> NDArray[np.float32] | None:
        """What the encoder made of the words' audio."""
        if self._states is None:
            return None
        return self._states.between(words[0].start_ms - _AROUND_MS, words[-1].end_ms + _AROUND_MS)


class _UnaskedError(Exception):
    """A policy would have asked the LLM."""


async def _unasked(_words: tuple[Word, ...]) -> float | None:
    raise _UnaskedError
