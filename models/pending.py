"""Source words between the listener and the translator: stable, not yet in a chunk."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from models.listening.listener import Heard
from models.listening.words import Word, join
from models.policy import Evidence, Pause


@dataclass(frozen=True, slots=True)
class _Marker:
    position: int  # words of the session before it
    name: str


class Pending:
    """Shared by a session's two tasks on one event loop: `listen` adds, `speak` takes.

    It holds at most what is said while one chunk is translated: the policy's maximum lag sees to
    that, and `full` tells the listener to wait when even that fails.
    """

    LIMIT = 2000  # words

    def __init__(self, language: str) -> None:
        self.language = language
        self.heard_ms = 0
        self.version = 0
        self.closed = False
        self._words: list[Word] = []
        self._tail: tuple[Word, ...] = ()
        self._speaking: tuple[Word, ...] = ()
        self._taken = 0
        self._pauses: dict[int, Pause] = {}
        self._markers: list[_Marker] = []
        self._changed = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    def hear(self, heard: Heard) -> None:
        """Take over one step of the listener."""
        self.language = heard.language
        self.heard_ms = heard.heard_ms
        self._words.extend(heard.stable)
        self._tail = heard.tail
        if heard.pause_ms:
            self.silent(heard.heard_ms, heard.pause_ms)
        self._touch()

    def silent(self, heard_ms: int, silence_ms: int) -> None:
        """By `heard_ms` nothing has been said for `silence_ms` after all words so far."""
        if self._words:
            end = self._words[-1].end_ms
            known = self._pauses.get(end, Pause(0, 0))
            if silence_ms > known.length_ms:
                self._pauses[end] = Pause(heard_ms - silence_ms, silence_ms)

    def mark(self, marker: str) -> None:
        """Everything so far is to be committed; then `marker` is due."""
        self._markers.append(_Marker(self._taken + len(self._words), marker))
        self._touch()

    def close(self) -> None:
        """No more words will come."""
        self.closed = True
        self._touch()

    def _touch(self) -> None:
        self.version += 1
        if len(self._words) >= self.LIMIT:
            self._room.clear()
        self._changed.set()

    async def room(self) -> None:
        """Wait until there is room for more words."""
        await self._room.wait()

    async def changed(self, timeout_s: float | None) -> None:
        """Wait for something new, at most `timeout_s`."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._changed.wait()
        except TimeoutError:
            return
        self._changed.clear()

    def evidence(self) -> Evidence | None:
        """What a policy may decide on now; None when there are no stable words."""
        due = self._markers[0].position - self._taken if self._markers else None
        words = self._words if due is None else self._words[:due]
        if not words:
            return None
        return Evidence(
            tuple(words),
            self._tail if due is None else (),
            self.heard_ms,
            dict(self._pauses),
            self.closed or due is not None,
            self.language,
        )

    def take(self, count: int) -> tuple[Word, ...]:
        """Remove the first `count` words: they are being spoken until `spoken` is called."""
        taken = tuple(self._words[:count])
        del self._words[:count]
        self._taken += count
        self._pauses = {end: one for end, one in self._pauses.items() if end > taken[-1].end_ms}
        self._speaking = taken
        self._room.set()
        return taken

    def spoken(self) -> None:
        """The words taken last are committed."""
        self._speaking = ()

    def reached(self) -> str | None:
        """The next marker that has no words before it any more; it is removed."""
        if self._markers and self._markers[0].position <= self._taken:
            return self._markers.pop(0).name
        return None

    @property
    def drained(self) -> bool:
        """Whether nothing is left and nothing will come."""
        return self.closed and not self._words and not self._markers

    @property
    def uncommitted(self) -> tuple[Word, ...]:
        """Words being spoken, stable ones and the tail."""
        return (*self._speaking, *self._words, *self._tail)

    @property
    def waited_ms(self) -> int:
        """How long the oldest word that no chunk holds has waited; 0 without one."""
        oldest = next(iter((*self._words, *self._tail)), None)
        return self.heard_ms - oldest.start_ms if oldest else 0

    @property
    def preview_text(self) -> str:
        """Text that no chunk holds yet: stable words and the tail."""
        return join((*self._words, *self._tail), self.language)
