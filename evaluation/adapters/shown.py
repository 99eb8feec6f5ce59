"""What another server shows, told in our events: text that it may still change is a preview.

Other servers change text that they have already sent; a log of ours only grows. So a character is
committed as soon as it lies further back than the server ever reached in that session, or at the
end, when nothing can change any more. Until then it is a preview.

The reach of a session is how many characters before the end of the longest text so far a change
ever began. A server that changes nothing has a reach of 0, and everything is committed as it comes;
one that reaches back 40 characters has each of its characters committed once 40 have followed. So
would a client do that knew the reach beforehand; what was right at once gains nothing by that.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from evaluation.conversation import ReplayError
from evaluation.log import Received
from models.languages import space
from tongchuan.events import Event, Notice, SessionEnded, TranslationDelta, TranslationPreview

TAKEN_BACK = "taken_back"
"""Code of the notice that tells the reach."""

MOST_CHARACTERS = 50_000_000
"""That may be sent in one session: far more than any speech holds."""


@dataclass(frozen=True, slots=True)
class _Change:
    """What stood after a message: the first `kept` characters of the text before, then `added`.
    tail: what the server itself calls provisional, behind that."""

    at_s: float
    sent_ms: int
    kept: int
    added: str
    tail: str


class Shown:
    """One session's text in `language`, message by message. name: of the recording."""

    def __init__(self, name: str, language: str) -> None:
        self._name = name
        self._space = space(language)
        self._changes: list[_Change] = []
        self._text = self._tail = ""
        self._longest = 0
        self._spent = 0
        self.reach = 0

    @property
    def text(self) -> str:
        """What stands, without the tail."""
        return self._text

    def change(self, at_s: float, sent_ms: int, text: str, tail: str = "") -> None:
        """A message came; now `text` stands, and provisionally `tail` behind it.

        Raises ReplayError above MOST_CHARACTERS.
        """
        if (text, tail) == (self._text, self._tail):
            return
        kept = _common(self._text, text)
        self._spent += 1 + len(text) - kept + len(tail)
        if self._spent > MOST_CHARACTERS:
            raise ReplayError(f"{self._name}: more text came than any speech holds")
        self._changes.append(_Change(at_s, sent_ms, kept, text[kept:], tail))
        self.reach = max(self.reach, self._longest - kept)
        self._longest = max(self._longest, len(text))
        self._text, self._tail = text, tail

    def end(self, at_s: float, sent_ms: int) -> None:
        """The session is over: what stands, the tail too, is final."""
        whole = self._joined(self._text, self._tail)
        self._changes.append(_Change(at_s, sent_ms, len(self._text), whole[len(self._text) :], ""))
        self._text, self._tail = whole, ""

    def received(self, *, previews: bool = True) -> tuple[Received, ...]:
        """All of it as events, after `end`. previews: with what is pending.

        There are deltas of one chunk that is never final: such a server does not tell which audio
        a stretch of text is of, so that there are no lags and no times of single sentences.
        """
        rows = [
            (change, event)
            for change, event in self._events()
            if previews or not isinstance(event, TranslationPreview)
        ]
        return tuple(
            Received(change.at_s, change.sent_ms, _numbered(event, number, change.at_s))
            for number, (change, event) in enumerate(rows, 1)
        )

    def _events(self) -> Iterator[tuple[_Change, Event]]:
        text = preview = ""
        longest = done = 0
        for change, after in pairwise([*self._changes, None]):
            assert change is not None
            text = text[: change.kept] + change.added
            longest = max(longest, len(text))
            due = len(text) if after is None else self._whole(text, longest - self.reach)
            grown = text[done : max(done, due)]
            done += len(grown)
            if grown:
                yield change, TranslationDelta(0, 0, 1, grown)
            pending = self._joined(text[done:], change.tail).strip()
            if pending != preview or (grown and pending):
                yield change, TranslationPreview(0, 0, pending)
            preview = pending
        if self.reach:
            words = f"up to {self.reach} characters were taken back; text counts once they follow"
            yield self._changes[-1], Notice(0, 0, TAKEN_BACK, words)
        yield self._changes[-1], SessionEnded(0, 0, audio_ms=self._changes[-1].sent_ms)

    def _whole(self, text: str, limit: int) -> int:
        """Up to `limit` characters, but no part of a word that may still change."""
        if limit >= len(text) or not self._space:
            return limit
        while limit > 0 and not text[limit].isspace():
            limit -= 1
        return limit

    def _joined(self, text: str, tail: str) -> str:
        if text and tail and not (text[-1].isspace() or tail[0].isspace()):
            return text + self._space + tail
        return text + tail


def _numbered(event: Event, seq: int, at_s: float) -> Event:
    return replace(event, seq=seq, at_ms=round(at_s * 1000))


def _common(before: str, after: str) -> int:
    """Characters that both begin with."""
    if after.startswith(before):
        return len(before)
    differ = (i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b)
    return next(differ, len(after))
