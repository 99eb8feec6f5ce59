"""Whisper by CTranslate2: encoder, forced-prefix decoding and alignment in one job.

Radford et al. 2022 (arXiv 2212.04356). CTranslate2's encoder takes any length, so only the window
and a little silence after it are encoded, not 30 seconds.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import ctranslate2
import numpy as np
import tokenizers
from numpy.typing import NDArray

from models.audio.mel import normalise
from models.config import RecogniserConfig
from models.errors import EngineBusyError, EngineError
from models.interpreter import Telemetry

T = TypeVar("T")
FRAME_S = 0.01
"""Seconds a mel frame."""
_ENCODER_FRAME_S = 0.02
_SILENCE = -10.0  # log10 of the mel floor
_WAITING = 64  # jobs that may wait for a worker: one a session is usual
_TOKENS_KEPT_OF_PROMPT = 40
_INSTANT_S = 0.05
_MOST_IN_AN_INSTANT = 2


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What was heard in a window: the forced prefix, then the new tokens.

    ends_s: the end of each token, seconds from the window's start.
    probs: probability of each token given the ones before.
    """

    tokens: tuple[int, ...]
    ends_s: tuple[float, ...]
    probs: tuple[float, ...]


class WhisperEngine:
    """One Whisper model, a few workers, any number of sessions."""

    def __init__(self, path: Path, config: RecogniserConfig) -> None:
        threads = config.threads or max(1, min(4, len(os.sched_getaffinity(0)) // 2))
        try:
            self._model = ctranslate2.models.Whisper(
                str(path),
                device=config.device,
                compute_type=config.compute_type,
                intra_threads=threads,
                inter_threads=config.workers,
            )
            self.tokenizer = tokenizers.Tokenizer.from_file(str(path / "tokenizer.json"))
        except (RuntimeError, ValueError, OSError) as error:
            raise EngineError(
                f"the recogniser in {path} does not load on {config.device} "
                f"with compute_type {config.compute_type}: {error}"
            ) from error
        self.n_mels = int(self._model.n_mels)
        self._pool = ThreadPoolExecutor(config.workers, thread_name_prefix="whisper")
        self._waiting = 0
        self._special = {
            name: self._token(name)
            for name in ("startoftranscript", "startofprev", "transcribe", "notimestamps")
        }
        self._first_special = self._token("endoftext")
        self.fault: str | None = None

    def _token(self, name: str) -> int:
        token = self.tokenizer.token_to_id(f"<|{name}|>")
        if token is None:
            raise EngineError(f"the recogniser's vocabulary has no <|{name}|>: not Whisper?")
        return int(token)

    def encode_text(self, text: str) -> tuple[int, ...]:
        """Tokens of `text`, no special ones."""
        return tuple(self.tokenizer.encode(text, add_special_tokens=False).ids)

    def decode(self, tokens: Sequence[int]) -> str:
        """Text of `tokens`; ends in U+FFFD where a character is not whole yet."""
        return str(self.tokenizer.decode(list(tokens)))

    async def hear(
        self,
        frames: NDArray[np.float32],
        *,
        language: str,
        prompt: Sequence[int] = (),
        prefix: Sequence[int] = (),
        max_new: int,
        padding_frames: int = 100,
        beam_size: int = 1,
        telemetry: Telemetry,
    ) -> Hypothesis:
        """Transcribe one window.

        frames: raw log-mel, shape (n, n_mels), of at most 29 s with the padding.
        prompt: tokens said before the window; prefix: tokens that the transcript begins with.
        max_new: most tokens after the prefix.
        Raises EngineError when the model fails, EngineBusyError when too much waits.
        """

        def job() -> Hypothesis:
            started = time.perf_counter()
            encoded = self._encode(frames, padding_frames)
            encoded_at = time.perf_counter()
            telemetry.stage("encode", encoded_at - started)
            start = [
                self._special["startoftranscript"],
                self._token(language),
                self._special["transcribe"],
                self._special["notimestamps"],
            ]
            before = (
                [self._special["startofprev"], *prompt[-_TOKENS_KEPT_OF_PROMPT:]] if prompt else []
            )
            head = [*before, *start]
            result = self._model.generate(
                encoded,
                [[*head, *prefix]],
                beam_size=beam_size,
                max_length=len(head) + len(prefix) + max_new,
                repetition_penalty=1.0,
            )[0]
            tokens = [t for t in result.sequences_ids[0] if t < self._first_special]
            decoded_at = time.perf_counter()
            telemetry.stage("decode", decoded_at - encoded_at)
            if not tokens:
                return Hypothesis((), (), ())
            aligned = self._model.align(encoded, start, [tokens], len(frames))[0]
            telemetry.stage("align", time.perf_counter() - decoded_at)
            duration_s = len(frames) * FRAME_S
            ends = _ends(aligned.alignments, len(tokens), duration_s)
            count = max(len(prefix), heard(ends, duration_s))
            probs = tuple(float(p) for p in aligned.text_token_probs)
            return Hypothesis(tuple(tokens[:count]), ends[:count], probs[:count])

        return await self._run(job)

    async def detect(
        self, frames: NDArray[np.float32], languages: Sequence[str]
    ) -> dict[str, float]:
        """Probability of each of `languages` in `frames` (n, n_mels), made to sum to 1."""

        def job() -> dict[str, float]:
            detected = self._model.detect_language(self._encode(frames, 100))[0]
            found = {name.strip("<|>"): float(p) for name, p in detected}
            kept = {name: found.get(name, 0.0) for name in languages}
            total = sum(kept.values()) or 1.0
            return {name: p / total for name, p in kept.items()}

        return await self._run(job)

    def _encode(self, frames: NDArray[np.float32], padding_frames: int) -> Any:
        padding = padding_frames + (len(frames) + padding_frames) % 2
        padded = np.pad(frames, ((0, padding), (0, 0)), constant_values=_SILENCE)
        features = np.ascontiguousarray(normalise(padded)[np.newaxis], dtype=np.float32)
        return self._model.encode(ctranslate2.StorageView.from_array(features))

    async def _run(self, job: Callable[[], T]) -> T:
        if self._waiting >= _WAITING:
            raise EngineBusyError("the recogniser is overloaded: admit fewer sessions")
        self._waiting += 1
        try:
            # Cancelled here, the job itself still runs to its end (it is short); nobody reads it.
            result = await asyncio.get_running_loop().run_in_executor(self._pool, job)
        except (RuntimeError, ValueError) as error:
            self.fault = f"recogniser: {error}"
            raise EngineError(f"the recogniser failed: {error}") from error
        finally:
            self._waiting -= 1
        self.fault = None
        return result

    def close(self) -> None:
        """Free the workers."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def heard(ends_s: Sequence[float], duration_s: float) -> int:
    """How many tokens were heard: without those at the end that no audio is left for.

    Whisper starts over when the words are all said; alignment crowds what it makes up into the
    last instant. One or two tokens there may be a sound cut in half, or a mark.
    """
    over_s = duration_s - _INSTANT_S
    count = next((n for n, end in enumerate(ends_s, 1) if end > over_s), len(ends_s))
    return count if len(ends_s) - count > _MOST_IN_AN_INSTANT else len(ends_s)


def _ends(path: Sequence[tuple[int, int]], count: int, duration_s: float) -> tuple[float, ...]:
    """End of each of `count` tokens from a DTW path of (token, encoder frame) pairs, seconds.

    A token ends where the path first reaches the next one (the last: where it reaches the end
    of text, which stands at index `count`).
    """
    reached = dict[int, int]()
    for token, frame in path:
        reached.setdefault(token, frame)
    ends: list[float] = []
    last = 0.0
    for token in range(1, count + 1):
        last = max(last, reached[token] * _ENCODER_FRAME_S if token in reached else last)
        ends.append(min(last, duration_s))
    return tuple(ends)
