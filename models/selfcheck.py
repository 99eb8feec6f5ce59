"""The smallest request to an engine, to see whether it works again after a fault."""

from __future__ import annotations

from contextlib import aclosing, suppress

import numpy as np

from models.engines.gate import Priority
from models.engines.llm import Conversation, LanguageModel
from models.engines.whisper import WhisperEngine
from models.errors import EngineError
from models.interpreter import NoTelemetry

_FRAMES = 100  # a second of silence
_FLOOR = -10.0  # log10 of silence in a mel frame
_TEXT = "你好。"


async def check_recogniser(recogniser: WhisperEngine) -> None:
    """Have it hear a second of silence with a word forced on it; its `fault` says the rest."""
    silence = np.full((_FRAMES, recogniser.n_mels), _FLOOR, dtype=np.float32)
    with suppress(EngineError):
        await recogniser.hear(
            silence,
            language="zh",
            prefix=recogniser.encode_text(_TEXT)[:1],
            max_new=1,
            telemetry=NoTelemetry(),
        )


async def check_llm(llm: LanguageModel) -> None:
    """Have it say one token; its `fault` says the rest."""
    lane = llm.lane()
    request = lane.generate(
        Conversation("Translate.", (), _TEXT),
        max_tokens=1,
        priority=Priority.COMMIT,
        telemetry=NoTelemetry(),
    )
    try:
        with suppress(EngineError):
            async with aclosing(request) as pieces:
                async for _piece in pieces:
                    pass
    finally:
        lane.close()
