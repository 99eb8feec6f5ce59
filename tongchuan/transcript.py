"""What a session has said so far: committed chunks, the growing one, and what may still change."""

from __future__ import annotations

from dataclasses import dataclass, field

from tongchuan.events import (
    ChunkFinal,
    Event,
    SessionEnded,
    SessionStarted,
    TranscriptPartial,
    TranslationDelta,
    TranslationPreview,
)


@dataclass(slots=True)
class Transcript:
    """State after the events applied so far. `chunks` only grows; the rest is replaced.

    growing: committed text of the chunk that is being generated.
    partial, preview: source words not committed yet, and their translation.
    """

    chunks: list[ChunkFinal] = field(default_factory=list)
    growing: str = ""
    partial: str = ""
    preview: str = ""
    started: SessionStarted | None = None
    ended: SessionEnded | None = None
    _partial_end_ms: int = 0

    def apply(self, event: Event) -> None:
        """Take `event` in; those that say nothing change nothing."""
        match event:
            case SessionStarted():
                self.started = event
            case TranscriptPartial(text=text, end_ms=end_ms):
                self.partial, self._partial_end_ms = text, end_ms
            case TranslationPreview(text=text):
                self.preview = text
            case TranslationDelta(delta=delta):
                self.growing += delta
            case ChunkFinal():
                self.chunks.append(event)
                self.growing = ""
                if self._partial_end_ms <= event.end_ms:  # it was about what is committed now
                    self.partial = self.preview = ""
            case SessionEnded():
                self.ended = event
                self.growing = self.partial = self.preview = ""
            case _:
                pass
