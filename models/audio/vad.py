"""Where speech begins and ends: webrtcvad, a gate of our own, hangover and pre-roll."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
import webrtcvad
from numpy.typing import NDArray

from models.audio.voicing import FRAME, Voicing, VoicingMeter
from models.events import SAMPLE_RATE

Floats = NDArray[np.float32]

_PER_MS = SAMPLE_RATE // 1000

_HARMONIC = 0.33  # above white, pink and brown noise; below the vowels of creaky voices
_STEADY = 0.97
_QUIETEST_DB = -68.0  # frames below are never speech; speech at -45 dBFS has frames near -65
_OVER_FLOOR_DB = 6.0

_RECENT = 10  # frames looked back on: 300 ms
_ONSET_VOICED = 5  # of them: a tone's first 4 frames are not steady yet
_KEEP_VOICED = 3  # of them: enough to stay in speech
_MOST_STEADY = 1  # of them: with more, it is music or hum
_UNVOICED = 14  # frames (420 ms) that consonants may add to the last vowel
_TAIL_MS = 300  # what of the hangover belongs to the speech


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """Speech begins at this sample of the stream, pre-roll included."""

    at_sample: int


@dataclass(frozen=True, slots=True)
class SpeechStopped:
    """Speech ended before this sample of the stream."""

    at_sample: int


SpeechEdge = SpeechStarted | SpeechStopped


class _NoiseFloor:
    """The least frame level of the last 1.5 to 2 s, in dBFS: follows a noise within that time."""

    _FRAMES = 17  # about 0.5 s a block

    def __init__(self) -> None:
        self._blocks: deque[float] = deque(maxlen=3)
        self._least = np.inf
        self._count = 0

    def update(self, level_db: float) -> float:
        """The floor with one more frame."""
        self._least = min(self._least, level_db)
        floor = min(self._least, *self._blocks) if self._blocks else self._least
        self._count += 1
        if self._count == self._FRAMES:
            self._blocks.append(self._least)
            self._least, self._count = np.inf, 0
        return floor


class VoiceActivity:
    """Speech of one stream of 16 kHz mono audio, the same for any division into pushes.

    A frame of 30 ms is voiced when webrtcvad says so and it is loud enough, harmonic and not
    steady (see `models.audio.voicing`). Speech starts when 5 of the last 10 frames are voiced,
    and no more than one of them is steady: 150 to 300 ms after its first vowel. It stops
    `hangover_ms` after the last voice; consonants extend a voice by up to 420 ms.

    aggressiveness: webrtcvad's, 0 (takes the most for speech) to 3.
    hangover_ms: pauses shorter than this are within speech.
    pre_roll_ms: audio before the first voiced frame that belongs to the speech: its consonants.
    """

    def __init__(
        self, aggressiveness: int = 1, hangover_ms: int = 500, pre_roll_ms: int = 300
    ) -> None:
        assert 0 <= aggressiveness <= 3
        assert hangover_ms > 0
        assert pre_roll_ms >= 0
        self.hangover_ms = hangover_ms
        self.pre_roll_ms = pre_roll_ms
        self.samples_in = 0
        self._webrtc = webrtcvad.Vad(aggressiveness)
        self._meter = VoicingMeter()
        self._floor = _NoiseFloor()
        self._partial = np.zeros(0, dtype=np.float32)
        self._frames = 0
        self._recent: deque[tuple[bool, bool]] = deque(maxlen=_RECENT)  # voiced, steady
        self._last_vowel = -_UNVOICED - 1  # frame
        self._voice_end = 0  # sample after the last frame that is voice, consonants included
        self._edge = 0  # sample of the last event
        self._speaking = False

    @property
    def speaking(self) -> bool:
        """Whether the stream is within speech now (hangover included)."""
        return self._speaking

    @property
    def silence_ms(self) -> int:
        """Milliseconds since the last frame of speech; since the start when there was none."""
        return (self.samples_in - self._voice_end) // _PER_MS

    def push(self, samples: Floats) -> list[SpeechEdge]:
        """More samples, shape (n,), any n. Returns the edges found, in order."""
        self.samples_in += len(samples)
        pending = np.concatenate([self._partial, samples])
        whole = len(pending) - len(pending) % FRAME
        edges: list[SpeechEdge] = []
        for at in range(0, whole, FRAME):
            edge = self._step(pending[at : at + FRAME])
            if edge is not None:
                edges.append(edge)
        self._partial = pending[whole:].copy()
        return edges

    def finish(self) -> list[SpeechEdge]:
        """The stream ended: the stop of a speech still going on."""
        if not self._speaking:
            return []
        self._speaking = False
        return [SpeechStopped(self.samples_in)]

    def _step(self, frame: Floats) -> SpeechEdge | None:
        """One frame of the state machine."""
        pcm = (np.clip(frame, -1.0, 1.0) * 32767.0).astype("<i2").tobytes()
        webrtc = bool(self._webrtc.is_speech(pcm, SAMPLE_RATE))
        measures = self._meter.measure(frame)
        over_floor = measures.level_db - self._floor.update(measures.level_db) >= _OVER_FLOOR_DB
        voiced = webrtc and _is_voiced(measures)
        self._recent.append((voiced, measures.steadiness > _STEADY))
        self._frames += 1
        voiced_count = sum(voiced for voiced, _ in self._recent)
        moving = sum(steady for _, steady in self._recent) <= _MOST_STEADY
        if not self._speaking:
            return self._start() if moving and voiced_count >= _ONSET_VOICED else None
        if voiced and moving and voiced_count >= _KEEP_VOICED:
            self._last_vowel = self._frames
        audible = voiced or (webrtc and over_floor)
        if audible and self._frames - self._last_vowel <= _UNVOICED:
            self._voice_end = self._frames * FRAME
        if self._frames * FRAME - self._voice_end >= self.hangover_ms * _PER_MS:
            return self._stop()
        return None

    def _start(self) -> SpeechStarted:
        first = next(at for at, (voiced, _) in enumerate(self._recent) if voiced)
        begin = (self._frames - len(self._recent) + first) * FRAME
        self._speaking = True
        self._last_vowel = self._frames
        self._voice_end = self._frames * FRAME
        self._edge = max(self._edge, begin - self.pre_roll_ms * _PER_MS)
        return SpeechStarted(self._edge)

    def _stop(self) -> SpeechStopped:
        self._speaking = False
        self._recent.clear()  # what was before the pause does not start the next speech
        tail_ms = min(_TAIL_MS, self.hangover_ms)
        self._edge = max(self._edge, self._voice_end + tail_ms * _PER_MS)
        return SpeechStopped(self._edge)


def _is_voiced(measures: Voicing) -> bool:
    return (
        measures.level_db > _QUIETEST_DB
        and measures.harmonicity > _HARMONIC
        and measures.steadiness <= _STEADY
    )
