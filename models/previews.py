"""When the words that no chunk holds yet are translated as a preview, and what is shown of it."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from contextlib import aclosing

from models.channel import Channel
from models.config import SpeakingConfig
from models.engines.llm import LanguageModel
from models.errors import EngineError
from models.events import InterpreterEvent, Notice, TranslationPreview
from models.interpreter import Telemetry
from models.load import Load
from models.pending import Pending
from models.policy import size
from models.speaking.translator import Translator, without_end

Events = Channel[InterpreterEvent]
_MASKED = 1  # words at the end of a growing preview
_GLIMPSE = 4  # tokens of a preview that newer words do not end, and all of one while busy
_SATURATED = 1.0  # share of model time from which nobody is previewed
_PAUSED_AFTER_S = 10.0  # that readers wait in vain: shorter gaps are not worth a notice


class Previews:
    """One session's. What it shows goes to the `events` it is given.

    due: whether a chunk is to be translated now; a preview then makes way.

    A reader who waits is helped first: words of which nothing is shown are previewed as soon as
    they have waited `preview_wait_ms`; above `preview_load` that is a glimpse, a few words. Any
    other preview is a nicety: at most one in `preview_interval_ms`, and none above that load.
    """

    def __init__(
        self,
        pending: Pending,
        translator: Translator,
        llm: LanguageModel,
        config: SpeakingConfig,
        load: Load,
        telemetry: Telemetry,
        target: str,
        due: Callable[[], Awaitable[bool]],
    ) -> None:
        self._pending = pending
        self._translator = translator
        self._llm = llm
        self._config = config
        self._load = load
        self._telemetry = telemetry
        self._target = target
        self._due = due
        self._shown = ""
        self._started_at = -math.inf
        self._vain_since: float | None = None
        self._paused = False

    async def make(self, events: Events) -> None:
        """Translate the uncommitted words until newer ones are heard or a chunk is due, if it is
        time to."""
        if not self._wanted() or not await self._room(events):
            return
        self._started_at = asyncio.get_running_loop().time()
        version = self._pending.version
        busy = self._busy
        stream = self._translator.preview(self._pending.preview_text, self._pending.language)
        text, pieces = "", 0
        try:
            async with aclosing(stream) as grown:
                async for text in grown:
                    pieces += 1
                    steady = self._steady(text)
                    if steady.startswith(self._shown):  # nothing is taken back
                        await self._show(steady, events)
                    outdated = self._pending.version != version
                    if (pieces >= _GLIMPSE and (busy or outdated)) or await self._due():
                        break
        except EngineError:
            self._telemetry.count("preview_failed")  # the engine's fault shows at /readyz
            return
        whole = self._translator.preview_is_whole
        text = text.strip() if whole else self._steady(text)
        # Shorter than what is shown: it was interrupted, and would only flicker.
        if text and (whole or len(text) > len(self._shown)):
            await self._show(text, events)

    async def withdraw(self, events: Events) -> None:
        """Show none: what was previewed is being committed."""
        await self._show("", events)

    def committed(self) -> None:
        """A chunk is out: the first preview of what follows need not wait."""
        self._started_at = -math.inf

    def _steady(self, text: str) -> str:
        """`text` without its end, which more source changes most often (mask-k, Arivazhagan et al.
        2020, arXiv 1912.03393)."""
        return without_end(text.strip(), self._target, _MASKED)

    @property
    def _busy(self) -> bool:
        return self._load.share > self._config.preview_load

    def _wanted(self) -> bool:
        heard = size(self._pending.uncommitted, self._pending.language)
        if heard < self._config.preview_least or not self._llm.idle:
            return False
        waited_ms = (asyncio.get_running_loop().time() - self._started_at) * 1000
        return waited_ms >= self._config.preview_interval_ms

    async def _room(self, events: Events) -> bool:
        """Whether the models have time for one; says so when a reader has long waited in vain."""
        waiting = not self._shown and self._pending.waited_ms >= self._config.preview_wait_ms
        if not self._busy or (waiting and self._load.share <= _SATURATED):
            self._vain_since, self._paused = None, False
            return True
        if not waiting:
            return False
        now = asyncio.get_running_loop().time()
        if self._vain_since is None:
            self._vain_since = now
        if not self._paused and now - self._vain_since >= _PAUSED_AFTER_S:
            self._paused = True
            await events.send(
                Notice("previews_paused", "the server is busy: committed text goes first")
            )
        return False

    async def _show(self, text: str, events: Events) -> None:
        if text != self._shown:
            self._shown = text
            await events.send(TranslationPreview(text))
