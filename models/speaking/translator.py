"""Chunk by chunk: recall, prompt, stream, guard, remember. Previews of what is not committed."""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.config import ModelsConfig
from models.engines.gate import Priority
from models.engines.llm import Conversation, Lane, PreemptedError, Turn, plain
from models.errors import EngineBusyError, EngineError
from models.events import SessionSpec, Term
from models.interpreter import Telemetry
from models.listening.fillers import is_filler_only, strip_fillers
from models.recall.rating import Scorer
from models.recall.recall import Found, Recall, Recalled
from models.speaking.digest import digest
from models.speaking.guards import Guard, GuardTrippedError
from models.speaking.memory import Memory, estimate
from models.speaking.names import Ledger
from models.speaking.prompt import insisting, system_prompt, user_message
from models.speaking.wanted import kept, missing, rendering, stands

_LEAST_TOKENS = 16
_LEAST_KEPT = 0.3  # words of the first try that the second has: else it says something else
_BACK = 2  # words of a preview that what follows it may change
_REVISED = 2  # characters of its source that were heard otherwise since
_MARKS = "，。！？；：、,.!?;:… "


@dataclass(frozen=True, slots=True)
class _Preview:
    """kept: how `text` began already, in the preview before."""

    source: str
    text: str
    kept: str = ""
    whole: bool = False


@dataclass(frozen=True, slots=True)
class _Chunk:
    """What is translated. found: its terms and known names. recalled: the terms. sure: those that
    its translation has to have."""

    text: str
    language: str
    found: Found
    recalled: tuple[Recalled, ...]
    sure: tuple[Term, ...]


class Translator:
    """One session's voice. Not for concurrent calls: it owns one lane of the LLM."""

    def __init__(
        self,
        lane: Lane,
        spec: SessionSpec,
        config: ModelsConfig,
        telemetry: Telemetry,
        scorer: Scorer | None = None,
    ) -> None:
        self._lane = lane
        self._spec = spec
        self._config = config.speaking
        self._telemetry = telemetry
        self._sure = config.recall.sure
        self._recall = Recall(spec, config.recall, telemetry, scorer)
        self._ledger: Ledger | None = None
        self._memory = Memory(config.speaking.memory_tokens)
        if config.speaking.names:
            ledger = self._ledger = Ledger(spec.target, spec.context)
            self._memory = Memory(
                config.speaking.memory_tokens, lambda: digest(ledger.terms, spec.target)
            )
        self._preview = _Preview("", "")
        self.used: tuple[Term, ...] = ()
        """The terms that stand in the last translation."""

    async def boundary(self, text: str, language: str) -> float | None:
        """Probability that `text`, the chunk so far, ends a clause.

        The prompt is the one of the chunk's translation, so that asking fills its cache.
        """
        message = plain(strip_fillers(text).rstrip(_MARKS))
        conversation = self._conversation(message, language, self._memory.turns)
        return await self._lane.boundary(conversation, language, self._telemetry)

    async def terms_in(self, text: str) -> list[tuple[int, int]]:
        """Where terms are surely spoken: characters of `text` in NFC, start and end, in order."""
        found = await self._recall.find(text)
        return [(one.start, one.stop) for one in found.terms if one.probability >= self._sure]

    async def translate(
        self, text: str, language: str, audio: NDArray[np.float32] | None = None
    ) -> AsyncGenerator[str, None]:
        """Stream the translation of the next chunk, and remember it.

        audio: the encoder's states of its speech, shape (n, width), for the terms in it.
        Nothing for fillers. What was previewed of it already is not generated again. Where terms
        were surely spoken, the words are held until all of them are out; if they do not come, it
        is tried once more before anything is released.
        Raises EngineError when the model failed twice.
        """
        self.used = ()
        if is_filler_only(text, language):
            return
        if language == self._spec.target:  # the speaker used the listeners' language
            yield text
            return
        chunk = await self._chunk(strip_fillers(text), language, audio)
        preview, self._preview = self._preview, _Preview("", "")
        if (
            preview.whole
            and preview.text
            and _same(preview.source, chunk.text)
            and not self._lacks(chunk, preview.text)
        ):
            self._telemetry.count("preview_reused")
            self._remember(chunk, preview.text)
            yield preview.text
            return
        head = "" if chunk.sure else self._continued(preview, chunk.text)
        if head:
            self._telemetry.count("preview_continued")
            yield head
        async with aclosing(self._attempts(chunk, head)) as pieces:
            async for piece in pieces:
                yield piece

    def _continued(self, preview: _Preview, source: str) -> str:
        """What of `preview` is also how the translation of `source` begins: all but its last new
        words, if its source is how `source` begins; else nothing."""
        if not self._config.continue_previews or not preview.text:
            return ""
        if not _key(source).startswith(_key(preview.source)[:-_REVISED] or "\0"):
            return ""
        sure = without_end(preview.text, self._spec.target, _BACK)
        return max(preview.kept, sure.rstrip(_MARKS), key=len)

    async def _chunk(
        self, text: str, language: str, audio: NDArray[np.float32] | None = None
    ) -> _Chunk:
        recalled = await self._recall.find(text, audio)
        found = self._ledger.find(recalled, self._memory.shows) if self._ledger else recalled
        sure = (one.term for one in found.terms if one.probability >= self._sure)
        wanted = tuple(term for term in sure if rendering(term))
        return _Chunk(text, language, found, recalled.terms, wanted)

    async def _attempts(self, chunk: _Chunk, released: str) -> AsyncGenerator[str, None]:
        """At most two, which continue what was released: the second for a fault of the first."""
        for last in (False, True):
            guard = Guard(chunk.text, self._spec.target, released)
            held = ""
            try:
                async with aclosing(self._attempt(chunk, guard, forgetful=last)) as pieces:
                    async for piece in pieces:
                        held += piece
                        if last or not self._lacks(chunk, guard.text):
                            released += held
                            yield held
                            held = ""
                if held:
                    held = await self._insist(chunk, held)
                    yield held
                self._remember(chunk, released + held)
                return
            except GuardTrippedError as fault:
                self._telemetry.count(f"guard_{fault.kind}")
                if held:
                    yield held
                if fault.kind == "loop":
                    return  # what is out is all there is; a loop is not worth remembering
            except EngineBusyError:
                raise
            except EngineError:
                if held:
                    yield held
                if last:
                    raise
                self._telemetry.count("retry")
            released = guard.text

    def _lacks(self, chunk: _Chunk, translation: str) -> bool:
        """Whether it has to wait for terms."""
        return self._config.term_retry and bool(missing(chunk.sure, translation))

    async def _attempt(
        self, chunk: _Chunk, guard: Guard, *, forgetful: bool
    ) -> AsyncGenerator[str, None]:
        """One generation. forgetful: without memory, which may be what misled the one before."""
        turns = () if forgetful else self._memory.turns
        conversation = self._conversation(self._message(chunk), chunk.language, turns)
        async with aclosing(self._generate(chunk, conversation, guard)) as pieces:
            async for piece in pieces:
                yield piece
        for kind in guard.removed:
            self._telemetry.count(f"guard_{kind}")

    async def _generate(
        self, chunk: _Chunk, conversation: Conversation, guard: Guard
    ) -> AsyncGenerator[str, None]:
        """What the guard releases of one generation, after its text so far."""
        stream = self._lane.generate(
            conversation,
            max_tokens=self._most_tokens(chunk.text),
            priority=Priority.COMMIT,
            telemetry=self._telemetry,
            prefix=guard.text,
            ban_cjk=self._spec.target == "en",
        )
        async with aclosing(stream) as pieces:
            async for piece in pieces:
                released = guard.push(piece)
                if released:
                    yield released
                if guard.done:
                    break
        rest = guard.finish()
        if rest:
            yield rest

    async def _insist(self, chunk: _Chunk, first: str) -> str:
        """`first` lacks terms that were surely spoken: the better of it and another try, in which
        the LLM is told to use them."""
        self._telemetry.count("term_retry")
        lacking = missing(chunk.sure, first)
        asked = self._conversation(self._message(chunk), chunk.language, self._memory.turns)
        conversation = insisting(asked, first, [rendering(term) for term in lacking])
        guard = Guard(chunk.text, self._spec.target)
        try:
            async with aclosing(self._generate(chunk, conversation, guard)) as pieces:
                async for _ in pieces:
                    pass
        except (GuardTrippedError, EngineError):
            return first
        better = len(missing(chunk.sure, guard.text)) < len(lacking)
        return guard.text if better and kept(first, guard.text) >= _LEAST_KEPT else first

    async def preview(self, text: str, language: str) -> AsyncGenerator[str, None]:
        """Stream translations of the uncommitted `text`, each whole so far, stable by keeping all
        but the last words of the one before. Ends early when the engine is needed elsewhere."""
        clean = strip_fillers(text)
        if not clean or is_filler_only(text, language) or language == self._spec.target:
            return
        before = self._preview
        if before.whole and _same(before.source, clean):
            return
        stable = self._continued(before, clean)
        guard = Guard(clean, self._spec.target, stable)
        chunk = await self._chunk(clean, language)
        stream = self._lane.generate(
            self._conversation(self._message(chunk), language, self._memory.turns),
            max_tokens=self._most_tokens(clean),
            priority=Priority.PREVIEW,
            telemetry=self._telemetry,
            prefix=stable,
            ban_cjk=self._spec.target == "en",
        )
        whole = False
        try:
            async with aclosing(stream) as pieces:
                async for piece in pieces:
                    if guard.push(piece):
                        yield guard.text
                    if guard.done:
                        break
            if guard.finish():
                yield guard.text
            whole = True
        except (GuardTrippedError, PreemptedError):
            return
        finally:
            self._preview = _Preview(clean, guard.text.strip(), stable, whole)

    @property
    def preview_is_whole(self) -> bool:
        """Whether the last preview came to its end."""
        return self._preview.whole

    def close(self) -> None:
        """Give the lane back."""
        self._lane.close()

    def _most_tokens(self, text: str) -> int:
        return max(_LEAST_TOKENS, math.ceil(self._config.max_ratio * estimate(text)))

    def _message(self, chunk: _Chunk) -> str:
        return user_message(chunk.found, self._config.term_form)

    def _conversation(self, message: str, language: str, turns: tuple[Turn, ...]) -> Conversation:
        system = system_prompt(language, self._spec.target, self._spec.context)
        return Conversation(system, turns, message)

    def _remember(self, chunk: _Chunk, translation: str) -> None:
        """CLASI's UPDATE_MEM."""
        if not translation.strip():
            return
        self._memory.add(Turn(self._message(chunk), translation.strip()))
        used = [one for one in chunk.recalled if stands(one.term, translation)]
        self.used = tuple(one.term for one in used)
        self._recall.heard([one.term for one in used if one.probability >= self._sure])
        if self._ledger is not None:
            self._ledger.learn(chunk.found.text, translation, self.used)


def without_end(text: str, target: str, words: int) -> str:
    """`text` without its last words (Chinese: two characters for each)."""
    if target == "zh":
        return text[: -2 * words]
    return " ".join(text.split(" ")[:-words])


def _key(text: str) -> str:
    return "".join(char for char in text if char not in _MARKS).lower()


def _same(one: str, other: str) -> bool:
    return _key(one) == _key(other)
