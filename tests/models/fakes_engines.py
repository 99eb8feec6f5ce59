"""Engines without weights: a voice whose every syllable is a token, ears for it, a scripted LLM.

A syllable is a voiced buzz with one tone above 3.8 kHz; which tone says which token it is. The
fake recogniser reads the tokens off the log-mel frames that it is given, so what it hears is a
function of the audio in the window, as with a real model, and a word lost, doubled or changed by
the code around it shows in the text.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import re
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import cast

import numpy as np
from numpy.typing import NDArray

from models.audio.mel import mel_filters
from models.engines.gate import Priority
from models.engines.llm import Conversation, PreemptedError
from models.engines.whisper import Hypothesis, WhisperEngine
from models.events import SAMPLE_RATE
from models.interpreter import Telemetry

Floats = NDArray[np.float32]

VOICE = "天地玄黄宇宙洪荒日月盈昃辰宿，。"
"""The characters that can be spoken: token i is character i."""
_WORDS = "sky earth dark gold space time flood wild sun moon full set star house , ."
ENGLISH = dict(zip(VOICE, _WORDS.split(" "), strict=True))
"""What the fake LLM makes of them."""
SYLLABLE_MS = 200
_WRONG = "嘛呢吧啦"  # what a syllable that is not over yet is taken for
_N_MELS = 80
_BANDS = np.arange(44, 76, 2)  # a mel band for each character
_LOUD = -1.7  # log10 of a band's mel energy: the tone is above it, the buzz and seams below
_LEAST_FRAMES = 13  # of a syllable that is understood


@cache
def _hertz() -> tuple[float, ...]:
    """The centre of each character's mel band."""
    filters = mel_filters(_N_MELS)
    return tuple(float(np.argmax(filters[band])) * SAMPLE_RATE / 400 for band in _BANDS)


@cache
def _syllable(token: int) -> Floats:
    time = np.arange(SYLLABLE_MS * SAMPLE_RATE // 1000) / SAMPLE_RATE
    chance = random.Random(token)
    pitch = chance.uniform(110, 180) * (1 + 1.5 * (time - 0.1) * chance.choice((-1, 1)))
    phase = 2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE
    formant = 300 + 700 * chance.random() + 2500 * time
    buzz = np.zeros(len(time))
    for harmonic in range(1, 16):
        near = np.exp(-(((harmonic * pitch - formant) / 400) ** 2))
        buzz += (0.15 + near) * np.sin(harmonic * phase)
    tone = np.sin(2 * np.pi * _hertz()[token] * time)
    breath = np.random.default_rng(token).standard_normal(len(time))
    swell = np.clip((np.minimum(time, time[::-1]) - 0.01) / 0.02, 0.001, 1)
    voice = 0.06 * buzz + 0.03 * tone + 0.003 * breath
    return np.asarray(swell * voice, dtype=np.float32)


def spoken(text: str) -> Floats:
    """The voice saying `text`: SYLLABLE_MS a character; a space is as long, and silent."""
    parts = [np.zeros(SYLLABLE_MS * SAMPLE_RATE // 1000, dtype=np.float32)]
    parts += [parts[0] if char == " " else _syllable(VOICE.index(char)) for char in text]
    return np.concatenate(parts[1:]) if text else parts[0][:0]


def quiet(seconds: float) -> Floats:
    """Faint noise, as in a still room; shape (16 000 × seconds,)."""
    noise = np.random.default_rng(3).standard_normal(round(seconds * SAMPLE_RATE))
    return np.asarray(noise * 1e-4, dtype=np.float32)


def heard_in(frames: Floats) -> list[tuple[int, int, int]]:
    """Token, first frame and frame after the last, of every syllable in raw log-mel frames."""
    tones = frames[:, _BANDS]
    best = np.where(tones.max(axis=1) > _LOUD, tones.argmax(axis=1), -1)
    edges = np.flatnonzero(np.diff(best, prepend=-2, append=-2))
    return [
        (int(best[a]), int(a), int(b))
        for a, b in itertools.pairwise(edges)
        if best[a] >= 0 and b - a >= 3
    ]


@dataclass
class FakeWhisper:
    """What `Listener` needs of a `WhisperEngine`; a pure function of the window but for faults.

    faults: raised by the next calls, one each (None: that call works).
    gate: while it is not set, calls wait.
    shift_ms: how far the alignment of a token may be off, by the window it is heard in.
    unsure: whether a syllable that is not over is misheard, as the last one of speech often is.
    misfits: calls whose forced prefix was not what the window's audio begins with.
    """

    faults: list[Exception | None] = field(default_factory=list)
    gate: asyncio.Event | None = None
    shift_ms: int = 0
    unsure: bool = True
    language: str = "zh"
    mishear: Callable[[list[int]], list[int]] = lambda tokens: tokens
    probability: float = 0.9
    calls: int = 0
    detections: int = 0
    longest_s: float = 0.0
    misfits: list[str] = field(default_factory=list)
    prompts: list[tuple[int, ...]] = field(default_factory=list)
    tasks: set[str] = field(default_factory=set)
    n_mels: int = _N_MELS
    fault: str | None = None

    def encode_text(self, text: str) -> tuple[int, ...]:
        """See `WhisperEngine`."""
        return tuple(VOICE.index(char) for char in text if char in VOICE)

    def decode(self, tokens: Sequence[int]) -> str:
        """See `WhisperEngine`."""
        return "".join((VOICE + _WRONG)[token] for token in tokens)

    async def hear(
        self,
        frames: Floats,
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
        """See `WhisperEngine`. Its states are every second mel frame."""
        self.calls += 1
        self.prompts.append(tuple(prompt))
        self.tasks.add(task)
        self.longest_s = max(self.longest_s, len(frames) / 100)
        telemetry.stage("encode", 0.01)
        await asyncio.sleep(0)
        if self.gate is not None:
            await self.gate.wait()
        fault = self.faults.pop(0) if self.faults else None
        if fault is not None:
            raise fault
        heard = self._tokens(frames)
        tokens = self.mishear([token for token, _ in heard])
        ends = [end for _, end in heard] + [heard[-1][1] if heard else 0.0] * len(tokens)
        count = min(len(tokens), len(prefix) + max_new)
        if tokens[: len(prefix)] != list(prefix):
            self.misfits.append(f"{self.decode(prefix)} is not how {self.decode(tokens)} begins")
            tokens = [*prefix, *tokens[len(prefix) :]]
        shift = self.shift_ms / 1000 * (len(frames) % 7 - 3) / 3
        ends_s = np.clip(np.maximum.accumulate(ends[:count]) + shift, 0, len(frames) / 100)
        probs = (self.probability,) * count
        states = frames[: len(frames) // 2 * 2 : 2] if keep_states else None
        return Hypothesis(tuple(tokens[:count]), tuple(ends_s.tolist()), probs, states)

    def _tokens(self, frames: Floats) -> list[tuple[int, float]]:
        """Each token with the end of its syllable, seconds from the window's start."""
        found = []
        for token, first, last in heard_in(frames):
            if last - first >= _LEAST_FRAMES:
                found.append((token, last / 100))
            elif last >= len(frames) - 2 and self.unsure:
                found.append((len(VOICE) + (last - first) % len(_WRONG), last / 100))
        return found

    async def detect(self, frames: Floats, languages: Sequence[str]) -> dict[str, float]:
        """See `WhisperEngine`."""
        self.detections += 1
        return {name: 0.9 if name == self.language else 0.1 for name in languages}

    def close(self) -> None:
        """See `WhisperEngine`."""


def ears(fake: FakeWhisper) -> WhisperEngine:
    """The fake as the type that it stands in for."""
    return cast(WhisperEngine, fake)


def in_english(text: str) -> str:
    """The fake LLM's translation of `text`: word by word, Latin ones as they are."""
    words = " ".join(ENGLISH.get(word, word) for word in re.findall(r"[A-Za-z ]+|.", text))
    return words.replace(" ,", ",").replace(" .", ".")


def by_word(conversation: Conversation) -> str:
    """The answer of an obedient LLM."""
    return in_english(conversation.user.split("\n")[0])


@dataclass
class FakeLLM:
    """What a session needs of a `LanguageModel`.

    answer: the whole answer to a conversation; it is streamed `size` characters at a time, each
        after a turn of the event loop. An Exception in its place is raised.
    faults: for the next generations, one each: the exception that it raises after `fault_after`
        pieces (None: that one works).
    gate: while it is not set, commits wait before each piece. preview_gate: previews likewise.
    boundary: the probability that a text ends a clause, or an exception to raise.
    """

    answer: Callable[[Conversation], str] = by_word
    size: int = 3
    faults: list[Exception | None] = field(default_factory=list)
    fault_after: int = 0
    gate: asyncio.Event | None = None
    preview_gate: asyncio.Event | None = None
    preempt: bool = False
    boundary: Callable[[str], float | Exception | None] = lambda _text: 0.0
    idle: bool = True
    fault: str | None = None
    asked: list[Asked] = field(default_factory=list)
    boundaries: list[Conversation] = field(default_factory=list)
    lanes: int = 0
    generating: int = 0

    def lane(self) -> FakeLane:
        """See `LanguageModel`."""
        self.lanes += 1
        return FakeLane(self)

    async def start(self) -> None:
        """See `LanguageModel`."""

    async def close(self) -> None:
        """See `LanguageModel`."""

    def asked_for(self, priority: Priority) -> list[Asked]:
        """The generations of one kind."""
        return [asked for asked in self.asked if asked.priority is priority]


@dataclass(frozen=True)
class Asked:
    """One generation: what for. `prefix` is what the answer was to continue."""

    conversation: Conversation
    priority: Priority
    max_tokens: int
    prefix: str


class FakeLane:
    """A lane of a `FakeLLM`."""

    def __init__(self, llm: FakeLLM) -> None:
        self._llm = llm
        self._closed = False

    async def generate(
        self,
        conversation: Conversation,
        *,
        max_tokens: int,
        priority: Priority,
        telemetry: Telemetry,
        prefix: str = "",
        ban_cjk: bool = False,
    ) -> AsyncGenerator[str, None]:
        """See `Lane`. As the real ones do, it continues `prefix` if the answer begins with it."""
        llm = self._llm
        assert not self._closed, "a closed lane is used"
        assert llm.generating == 0, "a lane is used twice at once"
        llm.asked.append(Asked(conversation, priority, max_tokens, prefix))
        fault = llm.faults.pop(0) if llm.faults else None
        answer = llm.answer(conversation)
        answer = answer[len(prefix) :] if answer.startswith(prefix) else answer
        gate = llm.preview_gate if priority is Priority.PREVIEW else llm.gate
        llm.generating += 1
        try:
            for number, at in enumerate(range(0, len(answer), llm.size)):
                await asyncio.sleep(0)
                if gate is not None:
                    await gate.wait()
                if fault is not None and number == llm.fault_after:
                    raise fault
                if priority is Priority.PREVIEW and llm.preempt and number:
                    raise PreemptedError
                yield answer[at : at + llm.size]
            if fault is not None:
                raise fault
        finally:
            llm.generating -= 1

    async def boundary(
        self, conversation: Conversation, language: str, telemetry: Telemetry
    ) -> float | None:
        """See `Lane`."""
        self._llm.boundaries.append(conversation)
        await asyncio.sleep(0)
        found = self._llm.boundary(conversation.user)
        if isinstance(found, Exception):
            raise found
        return found

    def close(self) -> None:
        """See `Lane`."""
        if not self._closed:
            self._closed = True
            self._llm.lanes -= 1


class Counts:
    """Telemetry that remembers."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.stages: Counter[str] = Counter()

    def stage(self, name: str, seconds: float) -> None:
        """See `Telemetry`."""
        self.stages[name] += 1

    def count(self, name: str, amount: int = 1) -> None:
        """See `Telemetry`."""
        self.counts[name] += amount
