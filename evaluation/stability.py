"""How steady the translation on the page is: how much of it is undone, and how long it stood."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evaluation.emissions import translation
from evaluation.log import Received, SessionLog
from tongchuan.events import ChunkFinal, TranslationDelta, TranslationPreview

FRAME_S = 1 / 60
"""What a display shows at once."""
STAYS_S = 7.0
"""How long text counts as being looked at: a subtitle seldom stands longer."""


@dataclass(frozen=True, slots=True)
class Erasure:
    """Tokens that were shown and taken back, and tokens of the final text; adds up.

    Normalised erasure (Arivazhagan et al. 2020, arXiv 1912.03393): erased over final, where a
    change of the shown text from `a` to `b` erases len(a) - len(common prefix) tokens.
    """

    erased: int
    final: int

    def __add__(self, other: Erasure) -> Erasure:
        return Erasure(self.erased + other.erased, self.final + other.final)

    @property
    def normalised(self) -> float | None:
        """Erased tokens a final one; None when nothing was committed."""
        return self.erased / self.final if self.final else None


@dataclass(frozen=True, slots=True)
class Stability:
    """The time that a reader sees text which later goes, in tokens times seconds; adds up.

    erased_s: of tokens that were erased later. shown_s: of all tokens. lifetimes_s: how long each
    erased token stood, seconds.
    """

    erased_s: float = 0.0
    shown_s: float = 0.0
    lifetimes_s: tuple[float, ...] = ()

    def __add__(self, other: Stability) -> Stability:
        return Stability(
            self.erased_s + other.erased_s,
            self.shown_s + other.shown_s,
            self.lifetimes_s + other.lifetimes_s,
        )

    @property
    def erased_share(self) -> float | None:
        """Of what is seen, what later goes; None when nothing was seen."""
        return self.erased_s / self.shown_s if self.shown_s else None

    @property
    def lifetime_p50_s(self) -> float | None:
        """Median lifetime of erased tokens, seconds; None when none was erased."""
        return statistics.median(self.lifetimes_s) if self.lifetimes_s else None


def erasure(log: SessionLog, language: str) -> Erasure:
    """Of the translation as the page shows it: committed text, then the preview.

    Words (Chinese: characters), case and marks aside. While a chunk grows, a preview from before it
    is shown as far as it goes on where the chunk is, as the page does.
    """
    before: list[str] = []
    erased = 0
    for _, shown in _views(log, language):
        erased += _erased(before, shown)
        before = shown
    return Erasure(erased, len(_tokens(translation(log, language), language)))


def stability(log: SessionLog, language: str, stays_s: float = STAYS_S) -> Stability:
    """Of the same view of the page. Times mean something at the speed of speech only.

    A token counts from when it came to when it was erased or the session ended, but for `stays_s`
    at the most: else committed text, which stays, would outweigh everything in a long session.
    """
    before: list[str] = []
    came_s: list[float] = []  # of each token of `before`
    lifetimes: list[float] = []
    erased_s = kept_s = 0.0
    for at_s, shown in _views(log, language):
        kept = len(before) - _erased(before, shown)
        gone = [at_s - came for came in came_s[kept:]]
        erased_s += sum(min(stays_s, lifetime) for lifetime in gone)
        lifetimes += gone
        came_s = came_s[:kept] + [at_s] * (len(shown) - kept)
        before = shown
    if came_s:
        end_s = log.received[-1].at_s
        kept_s = sum(min(stays_s, end_s - came) for came in came_s)
    return Stability(erased_s, erased_s + kept_s, tuple(lifetimes))


def _views(log: SessionLog, language: str) -> Iterator[tuple[float, list[str]]]:
    """Every change of the shown translation: when it came (s), and the tokens then shown.

    What comes within a frame of the display is seen at once.
    """
    done: list[str] = []
    growing = preview = ""
    fresh = True  # the preview is newer than the growing chunk
    for frame in _frames(log.received):
        for item in frame:
            match item.event:
                case TranslationPreview(text=text):
                    preview, fresh = text.strip(), True
                case TranslationDelta(delta=delta):
                    if not growing:
                        fresh = False
                    growing += delta
                case ChunkFinal(translation=text):
                    done += _tokens(text, language)
                    growing, fresh = "", False
        unfinished = _unfinished(growing.strip(), preview, fresh=fresh)
        yield frame[0].at_s, done + _tokens(unfinished, language)


def _frames(received: Sequence[Received]) -> Iterator[list[Received]]:
    """The events, in the groups that a display draws at once."""
    frame: list[Received] = []
    for item in received:
        if frame and item.at_s - frame[0].at_s > FRAME_S:
            yield frame
            frame = []
        frame.append(item)
    if frame:
        yield frame


def _erased(before: Sequence[str], shown: Sequence[str]) -> int:
    """Tokens of `before` that `shown` does not begin with; a last word may have grown."""
    was, now = "\n".join(before), "\n".join(shown)
    same = next((i for i, (a, b) in enumerate(zip(was, now, strict=False)) if a != b), None)
    same = min(len(was), len(now)) if same is None else same
    return len(was[same:].split())


def _unfinished(said: str, preview: str, *, fresh: bool) -> str:
    """The growing chunk and what is shown of the preview after it."""
    if said and preview.lower().startswith(said.lower()):
        return said + preview[len(said) :]
    return f"{said} {preview}" if fresh else said


def _tokens(text: str, language: str) -> list[str]:
    lowered = text.lower()
    pieces = [c for c in lowered if not c.isspace()] if language == "zh" else lowered.split()
    words = ("".join(c for c in piece if c.isalnum()) for piece in pieces)
    return [word for word in words if word]
