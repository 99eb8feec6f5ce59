"""The audio of one session on its way in: decoded, counted, acknowledged, kept in bounds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.audio.decoder import AudioDecoder
from models.events import SAMPLE_RATE, Audio, Notice
from server.arrivals import Arrivals
from server.config import Limits
from server.events import AudioAck, ErrorReport
from server.messages import AudioFormat
from server.moves import AudioFrame
from server.wire import CloseCode

ACK_EVERY_S = 1.0
PIECE_SAMPLES = SAMPLE_RATE // 50
"""Frames shorter than this (20 ms) are joined, so that queues hold few items."""


class Inbox:
    """Turns frames into 16 kHz mono samples; knows what arrived when."""

    def __init__(self, audio: AudioFormat, limits: Limits, now: float) -> None:
        self.arrivals = Arrivals()
        self._limits = limits
        self._decoder = AudioDecoder(audio.encoding, audio.sample_rate, audio.channels)
        self._bytes_per_s = audio.frame_bytes * audio.sample_rate
        self._frame_bytes = audio.frame_bytes
        self._rate = audio.sample_rate
        self._bytes = 0
        self._ahead_s = 0.0
        self._ahead_at = now
        self._acked_at = now
        self._pieces: list[NDArray[np.float32]] = []
        self._noticed: set[str] = set()

    @property
    def received_ms(self) -> int:
        """Whole milliseconds of audio received."""
        return self._bytes // self._frame_bytes * 1000 // self._rate

    def trouble(self, frame: AudioFrame, now: float) -> tuple[ErrorReport, CloseCode] | None:
        """Why `frame` cannot be taken: the client is too fast, or the server too slow."""
        seconds = len(frame.data) / self._bytes_per_s
        self._ahead_s = max(0.0, self._ahead_s - (now - self._ahead_at))
        self._ahead_at = now
        limits = self._limits
        if self._ahead_s + seconds > limits.max_buffer_s:
            message = (
                f"audio came more than {limits.max_buffer_s:g} s ahead of real time; "
                "send it as it is spoken"
            )
            return ErrorReport("too_fast", message, fatal=True), CloseCode.TOO_FAST
        if frame.waiting_s + seconds > limits.max_backlog_s:
            message = f"the server is {limits.max_backlog_s:g} s behind; try again later"
            wait_s = round(frame.waiting_s)
            error = ErrorReport("overloaded", message, fatal=True, retry_after_s=wait_s)
            return error, CloseCode.TRY_LATER
        return None

    def take(self, frame: AudioFrame, now: float) -> tuple[Audio | None, list[Notice | AudioAck]]:
        """The samples that are ready (None if too few), and what to tell the client."""
        if not frame.data:
            return None, []
        self._bytes += len(frame.data)
        self._ahead_s += len(frame.data) / self._bytes_per_s
        self._keep(self._decoder.push(frame.data))
        self.arrivals.add(self.received_ms, now)
        events: list[Notice | AudioAck] = [*self._notices(frame.waiting_s)]
        if now - self._acked_at >= ACK_EVERY_S:
            self._acked_at = now
            events.append(AudioAck(self.received_ms))
        return self._joined(PIECE_SAMPLES), events

    def rest(self) -> Audio | None:
        """All samples still held, the resampler's included; None if there are none."""
        self._keep(self._decoder.flush())
        return self._joined(1)

    def _keep(self, samples: NDArray[np.float32]) -> None:
        if len(samples):
            self._pieces.append(samples)

    def _joined(self, least: int) -> Audio | None:
        if sum(map(len, self._pieces)) < least:
            return None
        samples = np.concatenate(self._pieces)
        self._pieces.clear()
        return Audio(samples)

    def _notices(self, waiting_s: float) -> list[Notice]:
        behind_s = waiting_s - self._ahead_s  # what waits because the client is early is no lag
        if behind_s < self._limits.lagging_s / 4:
            self._noticed.discard("lagging")
        checks = (
            ("audio_clipped", self._decoder.clipped > 0, "samples beyond ±1 were clipped"),
            ("audio_cleaned", self._decoder.cleaned > 0, "NaN or infinite samples became silence"),
            (
                "lagging",
                behind_s > self._limits.lagging_s,
                f"the server is {behind_s:.0f} s behind; nothing is lost",
            ),
        )
        fresh = [Notice(c, text) for c, true, text in checks if true and c not in self._noticed]
        self._noticed.update(notice.code for notice in fresh)
        return fresh
