"""Committed chunks as SRT, WebVTT, plain text and JSON, written so that no half file is left."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tongchuan.cues import Cue, clean, cues
from tongchuan.errors import OutputError
from tongchuan.events import ChunkFinal
from tongchuan.transcript import Transcript


def srt(transcript: Transcript, *, bilingual: bool = False) -> str:
    """SubRip. It has no escapes: an arrow in the text becomes "->"; lines are never empty."""
    blocks = [
        f"{number}\n{_clock(cue.start_ms, ',')} --> {_clock(cue.end_ms, ',')}\n{_srt_text(cue)}\n"
        for number, cue in enumerate(cues(transcript.chunks, bilingual=bilingual), 1)
    ]
    return "\n".join(blocks)


def vtt(transcript: Transcript, *, bilingual: bool = False) -> str:
    """WebVTT, with `&`, `<` and `>` escaped."""
    blocks = ["WEBVTT\n"]
    blocks += [
        f"{number}\n{_clock(cue.start_ms, '.')} --> {_clock(cue.end_ms, '.')}\n{_vtt_text(cue)}\n"
        for number, cue in enumerate(cues(transcript.chunks, bilingual=bilingual), 1)
    ]
    return "\n".join(blocks)


def txt(transcript: Transcript, *, bilingual: bool = False) -> str:
    """A line a chunk; bilingual: the source line, then the translation, then an empty line."""
    lines = []
    for chunk in transcript.chunks:
        translation, source = clean(chunk.translation), clean(chunk.source)
        if bilingual and (source or translation):
            lines.append(f"{source}\n{translation}\n\n")
        elif translation:
            lines.append(f"{translation}\n")
    return "".join(lines)


def as_json(transcript: Transcript, *, bilingual: bool = True) -> str:
    """All that is known of each chunk, always in both languages; times in milliseconds."""
    started, ended = transcript.started, transcript.ended
    document: dict[str, Any] = {
        "version": 1,
        "source": started.source if started else None,
        "target": started.target if started else None,
        "profile": started.profile if started else None,
        "audio_ms": ended.audio_ms if ended else None,
        "lag_ms": asdict(ended.lag_ms) if ended else None,
        "chunks": [_chunk(chunk) for chunk in transcript.chunks],
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


FORMATS: Mapping[str, Callable[..., str]] = MappingProxyType(
    {"srt": srt, "vtt": vtt, "txt": txt, "json": as_json}
)


def check_writable(paths: Sequence[Path]) -> None:
    """Raises OutputError for what cannot be written later: told before hours of work, not after."""
    if len({path.resolve() for path in paths}) < len(paths):
        raise OutputError("two of the outputs are the same file; give each its own")
    for path in paths:
        folder = path.parent
        if path.is_dir():
            raise OutputError(f"{path} is a folder; give a file to write")
        if not folder.is_dir():
            raise OutputError(f"folder {folder} does not exist; create it to write {path}")
        if not os.access(folder, os.W_OK):
            raise OutputError(f"folder {folder} is not writable, so {path} cannot be written")


def write(path: Path, text: str) -> None:
    """Write UTF-8 `text` to `path`, whole or not at all. Raises OutputError."""
    if path.exists() and not path.is_file():  # a device or a pipe is written to, not replaced
        temporary = path
    else:
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with open(temporary, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            if temporary != path:
                os.fsync(file.fileno())
        if temporary != path:
            os.replace(temporary, path)
    except OSError as error:
        if temporary != path:
            temporary.unlink(missing_ok=True)
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from error


def _clock(ms: int, point: str) -> str:
    seconds, ms = divmod(ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{point}{ms:03}"


def _srt_text(cue: Cue) -> str:
    return "\n".join(line.replace("-->", "->") for line in cue.lines)


def _vtt_text(cue: Cue) -> str:
    text = "\n".join(cue.lines)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _chunk(chunk: ChunkFinal) -> dict[str, Any]:
    values = asdict(chunk)
    for internal in ("seq", "at_ms"):
        del values[internal]
    return values
