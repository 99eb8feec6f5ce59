"""A minute of a talk: what holds for all its events."""

from __future__ import annotations

import re

from models.events import ChunkFinal, TranscriptPartial, TranslationDelta
from tests.real.engines import REAL, Engines, cer, deltas_of, of, recording, reference, source_of

pytestmark = REAL

MINUTE_S = 61.0
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")


async def test_a_minute_of_a_talk(engines: Engines) -> None:
    events = await engines.interpret(recording("zh-talk", MINUTE_S))
    chunks = of(events, ChunkFinal)
    # Heard faster than it is spoken: the slower the LLM beside the recogniser, the longer chunks.
    assert len(chunks) >= 4
    assert [chunk.chunk for chunk in chunks] == list(range(1, len(chunks) + 1))
    committed_ms = 0
    for chunk in chunks:
        assert deltas_of(events, chunk.chunk) == chunk.translation
        assert not _CJK.search(chunk.translation), chunk
        assert chunk.source
        assert chunk.start_ms <= chunk.end_ms <= chunk.heard_ms
        assert committed_ms <= chunk.end_ms
        committed_ms = chunk.end_ms
    assert committed_ms <= MINUTE_S * 1000
    # A delta comes before its chunk's end, and chunks do not overlap.
    growing = 1
    for event in events:
        if isinstance(event, TranslationDelta):
            assert event.chunk == growing
        elif isinstance(event, ChunkFinal):
            assert event.chunk == growing
            growing += 1
    assert of(events, TranscriptPartial)
    translated = sum(bool(chunk.translation.strip()) for chunk in chunks)
    assert translated >= 0.8 * len(chunks)
    assert cer(reference("zh-talk", MINUTE_S), source_of(events)) <= 0.35
