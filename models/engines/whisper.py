"""Whisper: encoder, forced-prefix decoding and alignment in one job.

Radford et al. 2022 (arXiv 2212.04356). CTranslate2's encoder takes any length, so only the window
and a little silence after it are encoded, not 30 seconds. The decoder is CTranslate2's on a GPU,
and our own graph on onnxruntime on a CPU (`models.engines.decoder_graph` says why).
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import ctranslate2
import numpy as np
import tokenizers
from numpy.typing import NDArray

from models.audio.mel import normalise
from models.config import RecogniserConfig
from models.engines.decoder import Decoder
from models.errors import EngineBusyError, EngineError
from models.interpreter import Telemetry

T = TypeVar("T")
FRAME_S = 0.01
"""Seconds a mel frame."""
TASKS = ("transcribe", "translate")
"""What Whisper does: write down what is said, or translate it into English by itself."""
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
    probs: probability of each new token given the ones before; it says nothing of forced ones.
    states: of the encoder, where they were asked for: the audio without padding, shape (n, width).
    """

    tokens: tuple[int, ...]
    ends_s: tuple[float, ...]
    probs: tuple[float, ...]
    states: NDArray[np.float32] | None = None


@dataclass(frozen=True, slots=True)
class _Head:
    """What a decoding begins with: earlier text, what to do, the text as far as it is forced."""

    prompt: tuple[int, ...]
    task: tuple[int, ...]
    prefix: tuple[int, ...]


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
            for name in ("startoftranscript", "startofprev", *TASKS, "notimestamps")
        }
        self._first_special = self._token("endoftext")
        self._decoder = self._make_decoder(path, config, threads)
        self.fault: str | None = None

    def _make_decoder(self, path: Path, config: RecogniserConfig, threads: int) -> Decoder | None:
        if config.decoder == "ctranslate2" or (config.decoder == "auto" and config.device != "cpu"):
            return None
        return Decoder(path, end_of_text=self._first_special, threads=threads)

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
        draft: Sequence[int] = (),
        max_new: int,
        padding_frames: int = 100,
        beam_size: int = 1,
        task: str = "transcribe",
        keep_states: bool = False,
        telemetry: Telemetry,
    ) -> Hypothesis:
        """Transcribe one window, or (`task`, one of TASKS) translate it.

        frames: raw log-mel, shape (n, n_mels), of at most 30 s with the padding.
        prompt: tokens said before the window; prefix: tokens that the transcript begins with;
        draft: a guess at those after the prefix, which saves time where it is right.
        max_new: most tokens after the prefix. keep_states: give the encoder's states along.
        Raises EngineError when the model fails, EngineBusyError when too much waits.
        """

        def job() -> Hypothesis:
            started = time.perf_counter()
            encoded = self._encode(frames, padding_frames)
            encoded_at = time.perf_counter()
            telemetry.stage("encode", encoded_at - started)
            head = _Head(self._prompt(prompt), self._task(language, task), tuple(prefix))
            if self._decoder is not None and beam_size == 1:
                found = self._decode(encoded, head, draft, max_new, len(frames), telemetry)
            else:
                found = self._generate(encoded, head, beam_size, max_new, len(frames), telemetry)
            return replace(found, states=_states(encoded, len(frames))) if keep_states else found

        return await self._run(job)

    def _prompt(self, prompt: Sequence[int]) -> tuple[int, ...]:
        return (self._special["startofprev"], *prompt[-_TOKENS_KEPT_OF_PROMPT:]) if prompt else ()

    def _task(self, language: str, task: str) -> tuple[int, ...]:
        special = self._special
        names = special["startoftranscript"], self._token(language), special[task]
        return (*names, special["notimestamps"])

    def _decode(
        self,
        encoded: Any,
        head: _Head,
        draft: Sequence[int],
        max_new: int,
        count: int,
        telemetry: Telemetry,
    ) -> Hypothesis:
        """By our own graph; `count` mel frames hold audio."""
        assert self._decoder is not None
        started = time.perf_counter()
        found = self._decoder.decode(
            np.asarray(encoded, dtype=np.float32)[0],
            head.prompt,
            head.task,
            head.prefix,
            draft,
            max_new=max_new,
            frames=max(1, count // 2),
        )
        telemetry.stage("decode", time.perf_counter() - started)
        telemetry.count("draft_tokens", len(draft))
        telemetry.count("draft_kept", found.kept)
        duration_s = count * FRAME_S
        ends = tuple(min(frame * _ENCODER_FRAME_S, duration_s) for frame in found.end_frames)
        probs = (1.0,) * len(head.prefix) + found.probs
        return _hypothesis(head, found.tokens, ends, probs, duration_s)

    def _generate(
        self,
        encoded: Any,
        head: _Head,
        beam_size: int,
        max_new: int,
        count: int,
        telemetry: Telemetry,
    ) -> Hypothesis:
        """By CTranslate2; `count` mel frames hold audio."""
        started = time.perf_counter()
        before = [*head.prompt, *head.task, *head.prefix]
        result = self._model.generate(
            encoded,
            [before],
            beam_size=beam_size,
            # It lets at most half of this be new.
            max_length=max(len(before), max_new) + max_new,
        )[0]
        # The forced prefix comes back with what follows.
        tokens = [token for token in result.sequences_ids[0] if token < self._first_special]
        tokens = tokens[: len(head.prefix) + max_new]
        decoded_at = time.perf_counter()
        telemetry.stage("decode", decoded_at - started)
        if not tokens:
            return Hypothesis((), (), ())
        # It adds the last token of the task, "no timestamps", itself.
        aligned = self._model.align(encoded, list(head.task[:-1]), [tokens], count)[0]
        telemetry.stage("align", time.perf_counter() - decoded_at)
        duration_s = count * FRAME_S
        ends = _ends(aligned.alignments, len(tokens), duration_s)
        probs = tuple(float(p) for p in aligned.text_token_probs)
        return _hypothesis(head, tokens[len(head.prefix) :], ends, probs, duration_s)

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
        except Exception as error:  # onnxruntime's share no base with CTranslate2's
            self.fault = f"recogniser: {error}"
            raise EngineError(f"the recogniser failed: {error}") from error
        finally:
            self._waiting -= 1
        self.fault = None
        return result

    def close(self) -> None:
        """Free the workers."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def _hypothesis(
    head: _Head,
    new: Sequence[int],
    ends_s: Sequence[float],
    probs: Sequence[float],
    duration_s: float,
) -> Hypothesis:
    count = max(len(head.prefix), heard(ends_s, duration_s))
    tokens = (*head.prefix, *new)
    return Hypothesis(tokens[:count], tuple(ends_s[:count]), tuple(probs[:count]))


def _states(encoded: Any, count: int) -> NDArray[np.float32]:
    """Of `count` mel frames, shape (count / 2, width), out of the device's memory."""
    if encoded.device != "cpu":
        encoded = encoded.to_device(ctranslate2.Device.cpu)
    if encoded.dtype != ctranslate2.DataType.float32:
        encoded = encoded.to(ctranslate2.DataType.float32)
    return np.array(encoded, dtype=np.float32)[0, : count // 2]


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
