"""What a person sees follows from the events."""

from __future__ import annotations

from tongchuan.events import (
    ChunkFinal,
    SessionEnded,
    TranscriptPartial,
    TranslationDelta,
    TranslationPreview,
    UnknownEvent,
)
from tongchuan.transcript import Transcript


def test_a_chunk_grows_and_is_committed() -> None:
    transcript = Transcript()
    transcript.apply(TranscriptPartial(1, 0, "你好", 0, 500))
    transcript.apply(TranslationPreview(2, 0, "hello"))
    assert (transcript.partial, transcript.preview) == ("你好", "hello")
    transcript.apply(TranslationDelta(3, 0, 1, "Hel"))
    transcript.apply(TranslationDelta(4, 0, 1, "lo"))
    assert transcript.growing == "Hello"
    final = ChunkFinal(5, 0, 1, "你好", "Hello", 0, 600)
    transcript.apply(final)
    assert transcript.chunks == [final]
    assert (transcript.growing, transcript.partial, transcript.preview) == ("", "", "")


def test_what_was_heard_after_the_chunk_stays() -> None:
    transcript = Transcript()
    transcript.apply(TranscriptPartial(1, 0, "世界", 600, 900))
    transcript.apply(ChunkFinal(2, 0, 1, "你好", "Hello", 0, 600))
    assert transcript.partial == "世界"


def test_a_preview_may_be_withdrawn_and_the_end_clears_all() -> None:
    transcript = Transcript()
    transcript.apply(TranslationPreview(1, 0, "maybe"))
    transcript.apply(TranslationPreview(2, 0, ""))
    assert transcript.preview == ""
    transcript.apply(TranscriptPartial(3, 0, "嗯", 0, 900))
    transcript.apply(UnknownEvent(4, 0, "new", {}))
    ended = SessionEnded(5, 0)
    transcript.apply(ended)
    assert (transcript.partial, transcript.ended) == ("", ended)
