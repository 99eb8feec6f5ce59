"""Simulstream's server (FBK, PyPI `simulstream`; read from 1.0.0), over its WebSocket.

Sent: a JSON object with `sample_rate`, `source_lang`, `target_lang` and `metrics_metadata`, whose
`wav_name` its own metric log asks for; s16le audio; `{"end_of_stream": true}`. Answered, whenever
its `speech_chunk_size` has come: `{"new": …, "deleted": …}`; at last `{"end_of_processing": true}`,
after which the client closes.

A processor that translates again (its sliding window) takes text back. As on its own page the text
loses as many characters at its end as `deleted` has, then `new` is added. What may still be taken
back is not committed: see `shown`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from pydantic import BaseModel, ValidationError

from evaluation.adapters.shown import Shown
from evaluation.adapters.wire import Message, Wire, query
from evaluation.conversation import ReplayError, converse
from evaluation.log import SessionLog
from evaluation.recordings import RATE, Recording
from tongchuan.events import Term

_END = "end_of_processing"


class _Answer(BaseModel):
    new: str
    deleted: str


async def simulstream(
    recording: Recording,
    url: str,
    *,
    speed: float = 1.0,
    terms: Sequence[Term] = (),
    previews: bool = True,
) -> SessionLog:
    """See `Adapter`. url: ws://HOST:PORT. The codes of the languages are zh and en; what its
    processor calls them otherwise is said in the query: ?source_lang=cmn&target_lang=eng."""
    if terms:
        raise ReplayError(f"{recording.id}: simulstream takes no terms")
    asked = query(recording.id, url)
    start = {
        "sample_rate": RATE,
        "source_lang": asked.get("source_lang", recording.source),
        "target_lang": asked.get("target_lang", recording.target),
        "metrics_metadata": {"wav_name": recording.audio.name},
    }
    samples = recording.samples()
    shown = Shown(recording.id, recording.target)
    wire = Wire(
        recording.id,
        url,
        greeting=json.dumps(start),
        farewell=json.dumps({"end_of_stream": True}),
        last=lambda message: _END in message,
    )

    def heard(at_s: float, sent_ms: int, message: Message) -> None:
        if _END in message:
            shown.end(at_s, sent_ms)
        else:
            shown.change(at_s, sent_ms, _changed(shown.text, message, recording.id))

    await converse(recording.id, samples, wire, speed, heard)
    received = shown.received(previews=previews)
    return SessionLog(recording.id, len(samples) / RATE, speed, received)


def _changed(text: str, message: Message, name: str) -> str:
    """`text` after an answer. Raises ReplayError for what is none or deletes more than there is."""
    try:
        answer = _Answer.model_validate(message, strict=True)
    except ValidationError:
        raise ReplayError(
            f"{name}: simulstream answered {str(message)[:200]} where new and deleted were due"
        ) from None
    left = len(text) - len(answer.deleted)
    if left < 0:
        raise ReplayError(
            f"{name}: simulstream deleted {len(answer.deleted)} of {len(text)} characters"
        )
    return text[:left] + answer.new
