"""WhisperLiveKit's server (PyPI `whisperlivekit`; read from 0.2.26), over its WebSocket `/asr`.

Started with `--pcm-input` it takes s16le audio, 16 kHz, mono; an empty frame says that no more will
come. It sends `{"type": "config", …}`, then its whole state whenever that changes: `lines` (text,
start, end, and `translation` when it translates) and, provisional, `buffer_*`; at last
`{"type": "ready_to_stop"}`, after which the client closes.

The translation is, by how the server was started,
- `--target-language en`: the lines' `translation`, and `buffer_translation`;
- `--direct-english-translation`: the lines' own text, and `buffer_transcription`.

Its lines grow, and speakers or late translations may move text between them, so the text of all
lines together is what stands. What may still change is not committed: see `shown`. A buffer that
is left when the session ends counts as final then.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from urllib.parse import urlencode, urlsplit, urlunsplit

from pydantic import BaseModel, ValidationError

from evaluation.adapters.shown import Shown
from evaluation.adapters.wire import Message, Wire, query
from evaluation.conversation import ReplayError, converse
from evaluation.log import SessionLog
from evaluation.recordings import RATE, Recording
from models.languages import NAMES, space
from tongchuan.events import Term

_END = "ready_to_stop"
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")


class _Line(BaseModel):
    text: str | None = None  # none in a pause
    translation: str | None = None
    start: str = ""


class _State(BaseModel):
    lines: list[_Line]
    buffer_transcription: str = ""
    buffer_diarization: str = ""
    buffer_translation: str = ""


async def whisperlivekit(
    recording: Recording,
    url: str,
    *,
    speed: float = 1.0,
    terms: Sequence[Term] = (),
    previews: bool = True,
) -> SessionLog:
    """See `Adapter`. url: ws://HOST:PORT/asr; `language` and `target_language` are added to its
    query where it does not say them."""
    if terms:
        raise ReplayError(f"{recording.id}: WhisperLiveKit takes no terms")
    samples = recording.samples()
    page = _Page(recording)
    wire = Wire(
        recording.id,
        _address(url, recording),
        farewell=b"",
        last=lambda message: message.get("type") == _END,
    )
    await converse(recording.id, samples, wire, speed, page.heard)
    received = page.translation().received(previews=previews)
    return SessionLog(recording.id, len(samples) / RATE, speed, received)


class _Page:
    """What its page shows of one session."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._configured = False
        self._begins = ""  # where the first line does
        self._spoken = Shown(recording.id, recording.target)
        self._translated = Shown(recording.id, recording.target)

    def heard(self, at_s: float, sent_ms: int, message: Message) -> None:
        """The next message. Raises ReplayError when it makes no sense or tells an error."""
        kind, error = message.get("type"), message.get("error")
        if error:
            raise self._failure(f"WhisperLiveKit says: {str(error)[:200]}")
        if kind == "config":
            if not message.get("useAudioWorklet"):
                raise self._failure("start WhisperLiveKit with --pcm-input; it waits for a file")
            self._configured = True
        elif not self._configured:
            raise self._failure("its first message is not WhisperLiveKit's; is the path /asr?")
        elif kind == _END:
            self._spoken.end(at_s, sent_ms)
            self._translated.end(at_s, sent_ms)
        else:
            self._show(at_s, sent_ms, message)

    def translation(self) -> Shown:
        """What is the translation. Raises ReplayError when there is speech and none."""
        spoken, target = self._spoken.text, self._recording.target
        if self._translated.text or not spoken:
            return self._translated
        if target != "en" or len(_HAN.findall(spoken)) > len(spoken) / 2:
            raise self._failure(
                f"WhisperLiveKit wrote down what was said and translated nothing into "
                f"{NAMES[target]}; start it with --target-language or, into English, "
                "--direct-english-translation"
            )
        return self._spoken

    def _show(self, at_s: float, sent_ms: int, message: Message) -> None:
        try:
            state = _State.model_validate(message, strict=True)
        except ValidationError:
            raise self._failure(
                f"WhisperLiveKit sent {str(message)[:200]} where its lines were due"
            ) from None
        begins = next((line.start for line in state.lines if line.text), "")
        if begins and self._begins and begins != self._begins:
            raise self._failure(
                "WhisperLiveKit dropped its first line; start it without --retention-seconds"
            )
        self._begins = self._begins or begins
        tail = state.buffer_diarization + state.buffer_transcription
        self._spoken.change(at_s, sent_ms, self._joined(line.text for line in state.lines), tail)
        text = self._joined(line.translation for line in state.lines)
        self._translated.change(at_s, sent_ms, text, state.buffer_translation)

    def _joined(self, texts: Iterable[str | None]) -> str:
        stripped = (text.strip() for text in texts if text)
        return space(self._recording.target).join(filter(None, stripped))

    def _failure(self, words: str) -> ReplayError:
        return ReplayError(f"{self._recording.id}: {words}")


def _address(url: str, recording: Recording) -> str:
    """With the languages in its query. Raises ReplayError."""
    asked = {"language": recording.source, "target_language": recording.target}
    asked |= query(recording.id, url)
    # In its mode `diff` it forgets lines of five minutes ago.
    return urlunsplit(urlsplit(url)._replace(query=urlencode({**asked, "mode": "full"})))
