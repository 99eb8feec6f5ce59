"""Chunk by chunk: prompt, stream, guard, remember. Previews of what is not committed yet."""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from models.config import SpeakingConfig
from models.engines.gate import Priority
from models.engines.llm import Conversation, Lane, PreemptedError, Turn
from models.errors import EngineBusyError, EngineError
from models.events import SessionSpec, Term
from models.interpreter import Telemetry
from models.listening.fillers import is_filler_only, strip_fillers
from models.speaking.guards import Guard, GuardTrippedError
from models.speaking.memory import Memory, estimate
from models.speaking.prompt import system_prompt, user_message
from models.speaking.terms import TermMatcher

_LEAST_TOKENS = 16
_PREVIEW_BACK = 2  # words of a preview that the next one may change
_MARKS = "，。！？；：、,.!?;:… "


@dataclass(frozen=True, slots=True)
class _Preview:
    source: str
    text: str
    whole: bool


class Translator:
    """One session's voice. Not for concurrent calls: it owns one lane of the LLM."""

    def __init__(
        self, lane: Lane, spec: SessionSpec, config: SpeakingConfig, telemetry: Telemetry
    ) -> None:
        self._lane = lane
        self._spec = spec
        self._config = config
        self._telemetry = telemetry
        self._matcher = TermMatcher(spec.terms, limit=max(1, config.max_terms))
        self._memory = Memory(config.memory_tokens)
        self._preview = _Preview("", "", whole=False)

    def terms(self, text: str) -> tuple[Term, ...]:
        """The session's terms that occur in `text`."""
        return self._matcher.matches(text) if self._spec.terms else ()

    async def boundary(self, text: str, language: str) -> float | None:
        """Probability that `text`, the chunk so far, ends a clause.

        The prompt is the one of the chunk's translation, so that asking fills its cache.
        """
        conversation = self._conversation(strip_fillers(text).rstrip(_MARKS), language, ())
        return await self._lane.boundary(conversation, language, self._telemetry)

    async def translate(self, text: str, language: str) -> AsyncGenerator[str, None]:
        """Stream the translation of the next chunk, and remember it.

        Nothing for fillers. Raises EngineError when the model failed twice.
        """
        if is_filler_only(text, language):
            return
        if language == self._spec.target:  # the speaker used the listeners' language
            yield text
            return
        clean = strip_fillers(text)
        preview, self._preview = self._preview, _Preview("", "", whole=False)
        if preview.whole and preview.text and _same(preview.source, clean):
            self._telemetry.count("preview_reused")
            self._remember(clean, preview.text, self.terms(clean))
            yield preview.text
            return
        released = ""
        for attempt in range(2):
            guard = Guard(clean, self._spec.target, released)
            try:
                async with aclosing(self._attempt(clean, language, guard, attempt)) as pieces:
                    async for piece in pieces:
                        yield piece
                self._remember(clean, guard.text, self.terms(clean))
                return
            except GuardTrippedError as fault:
                self._telemetry.count(f"guard_{fault.kind}")
                if fault.kind == "loop":
                    return  # what is out is all there is; a loop is not worth remembering
            except EngineBusyError:
                raise
            except EngineError:
                if attempt:
                    raise
                self._telemetry.count("retry")
            released = guard.text

    async def _attempt(
        self, text: str, language: str, guard: Guard, attempt: int
    ) -> AsyncGenerator[str, None]:
        """One generation. The second try goes without memory: it may be what misled the first."""
        terms = self.terms(text)
        if attempt:
            conversation = self._conversation(text, language, terms, memory=False)
        else:
            conversation = self._conversation(text, language, terms)
        stream = self._lane.generate(
            conversation,
            max_tokens=self._most_tokens(text),
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
        for kind in guard.removed:
            self._telemetry.count(f"guard_{kind}")

    async def preview(self, text: str, language: str) -> AsyncGenerator[str, None]:
        """Stream translations of the uncommitted `text`, each whole so far, stable by keeping all
        but the last words of the one before. Ends early when the engine is needed elsewhere."""
        clean = strip_fillers(text)
        if not clean or is_filler_only(text, language) or language == self._spec.target:
            return
        before = self._preview
        if before.whole and _same(before.source, clean):
            return
        kept = ""
        if before.text and _key(clean).startswith(_key(before.source)[:-2] or "\0"):
            kept = " ".join(before.text.split(" ")[:-_PREVIEW_BACK]).rstrip(".,!?。，")
        guard = Guard(clean, self._spec.target, kept)
        stream = self._lane.generate(
            self._conversation(clean, language, self.terms(clean)),
            max_tokens=self._most_tokens(clean),
            priority=Priority.PREVIEW,
            telemetry=self._telemetry,
            prefix=kept,
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
            self._preview = _Preview(clean, guard.text.strip(), whole)

    def close(self) -> None:
        """Give the lane back."""
        self._lane.close()

    def _most_tokens(self, text: str) -> int:
        return max(_LEAST_TOKENS, math.ceil(self._config.max_ratio * estimate(text)))

    def _conversation(
        self, text: str, language: str, terms: tuple[Term, ...], *, memory: bool = True
    ) -> Conversation:
        return Conversation(
            system_prompt(language, self._spec.target, self._spec.context),
            self._memory.turns if memory else (),
            user_message(text, terms),
        )

    def _remember(self, text: str, translation: str, terms: tuple[Term, ...]) -> None:
        if translation.strip():
            self._memory.add(Turn(user_message(text, terms), translation.strip()))


def _key(text: str) -> str:
    return "".join(char for char in text if char not in _MARKS).lower()


def _same(one: str, other: str) -> bool:
    return _key(one) == _key(other)
