"""The rolling window: log-mel frames and the words already stable in them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.audio.mel import HOP, LogMel
from models.events import SAMPLE_RATE
from models.listening.words import Word

FRAME_MS = 10
_SNAP_FRAMES = 15  # how far from a word's aligned end the quietest point is looked for


class Window:
    """Audio that is encoded together, in frames of 10 ms from the session's first sample."""

    def __init__(self, n_mels: int) -> None:
        self._mel = LogMel(n_mels)
        self._history: list[int] = []  # tokens before the window, newest last
        self.start = 0
        self.words: list[Word] = []

    @property
    def now(self) -> int:
        """Frame at the end of the audio so far."""
        return self._mel.samples_in // HOP

    @property
    def heard_ms(self) -> int:
        """Milliseconds of audio so far."""
        return self._mel.samples_in * 1000 // SAMPLE_RATE

    @property
    def start_ms(self) -> int:
        """Where the window starts."""
        return self.start * FRAME_MS

    @property
    def duration_s(self) -> float:
        """Its length in seconds."""
        return (self.now - self.start) * FRAME_MS / 1000

    @property
    def history(self) -> tuple[int, ...]:
        """The last tokens that were stable before the window starts."""
        return tuple(self._history)

    def push(self, samples: NDArray[np.float32]) -> None:
        """More audio, shape (n,)."""
        self._mel.push(samples)

    def frames(self) -> NDArray[np.float32]:
        """Raw log-mel of the window up to now, shape (n, n_mels)."""
        first = min(self.start, self._mel.frame_count)  # the newest frames are not complete yet
        complete = self._mel.frames(first, self._mel.frame_count)
        return np.concatenate([complete, self._mel.tail()])[self.start - first : self.now - first]

    def restart(self, frame: int) -> None:
        """Start anew at `frame`: what was heard before it is history."""
        self._remember(self.words)
        self.words = []
        self._move(frame)

    def trim(self, keep_ms: int) -> None:
        """Drop words, and the audio up to the quietest point near the last dropped word's end,
        so that at least `keep_ms` of stable speech stay."""
        if not self.words:
            return
        latest = self.words[-1].end_ms - keep_ms
        ends = [i for i, word in enumerate(self.words) if self.start_ms < word.end_ms <= latest]
        if not ends:
            return
        loudness = self._loudness()
        best = min(ends, key=lambda i: (self._quietest(loudness, i)[0] - 0.02 * i, -i))
        cut = self._quietest(loudness, best)[1]
        self._remember(self.words[: best + 1])
        self.words = self.words[best + 1 :]
        self._move(cut)

    def _quietest(self, loudness: NDArray[np.float32], index: int) -> tuple[float, int]:
        """Loudness and frame of the quietest point near the end of word `index`."""
        end = self.words[index].end_ms // FRAME_MS
        low = max(self.start, end - _SNAP_FRAMES // 3)
        high = min(self.start + len(loudness), end + _SNAP_FRAMES)
        if index + 1 < len(self.words):
            high = min(high, max(low + 1, self.words[index + 1].end_ms // FRAME_MS - 5))
        part = loudness[low - self.start : max(low + 1, high) - self.start]
        if len(part) == 0:
            return 0.0, min(end, self.now)
        at = int(np.argmin(part))
        return float(part[at]), low + at

    def _loudness(self) -> NDArray[np.float32]:
        """Mean log-mel of each frame of the window, smoothed over 50 ms; shape (n,)."""
        mean = self.frames().mean(axis=1)
        smooth = np.convolve(np.pad(mean, 2, mode="edge"), np.full(5, 0.2), mode="valid")
        return smooth.astype(np.float32)

    def _remember(self, words: list[Word]) -> None:
        for word in words:
            self._history.extend(word.tokens)
        del self._history[:-64]

    def _move(self, frame: int) -> None:
        self.start = min(max(frame, self.start), self.now)
        self._mel.drop_before(self.start)

    def drop_before(self, frame: int) -> None:
        """In silence: forget audio before `frame`."""
        assert not self.words
        self._move(frame)
