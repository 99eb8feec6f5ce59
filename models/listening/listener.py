"""Streaming recognition: audio in, stable words and an unstable tail out.

Words become stable when two hypotheses in a row agree on them (LocalAgreement-2, Liu et al. 2020,
arXiv 2005.11185) or when they are aligned well before the newest audio (after AlignAtt, Papi et
al. 2023, arXiv 2305.11408), and all at once when the speaker pauses. Stable words are the forced
prefix of the next hypothesis and never change.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from models.audio.vad import SpeechStarted, SpeechStopped, VoiceActivity
from models.config import ListeningConfig
from models.engines.whisper import Hypothesis, WhisperEngine
from models.errors import EngineBusyError, EngineError
from models.events import SAMPLE_RATE
from models.interpreter import Telemetry
from models.listening import hallucination
from models.listening.script import simplified
from models.listening.states import States
from models.listening.window import FRAME_MS, Window
from models.listening.words import Word, group, join

SpeechEdge = SpeechStarted | SpeechStopped
_TOKENS_A_SECOND = 9.0
_DETECT_S = 1.5
_LEAST_PROB = 0.15  # geometric mean below which a final hypothesis is noise


@dataclass(frozen=True, slots=True)
class Heard:
    """What one step changed.

    stable: words that are now certain, after all earlier stable ones. tail: words that are not.
    heard_ms: audio that this is based on. pause_ms: how long the speaker has paused here, at
    least; 0 for no pause. language: "zh" or "en".
    """

    stable: tuple[Word, ...]
    tail: tuple[Word, ...]
    heard_ms: int
    pause_ms: int
    language: str


class Listener:
    """One session's ears. Feed it with `push`; call `step` whenever it is `due`.

    states: where the encoder's go; None: nowhere.
    """

    def __init__(
        self,
        engine: WhisperEngine,
        config: ListeningConfig,
        source: str,
        telemetry: Telemetry,
        hangover_ms: int = 500,
        states: States | None = None,
    ) -> None:
        self._engine = engine
        self._states = states
        self._config = config
        self._telemetry = telemetry
        self._fixed = source if source != "auto" else None
        self.language = source if source != "auto" else "zh"
        self._detected = source != "auto"
        self._vad = VoiceActivity(hangover_ms=max(hangover_ms, config.pause_ms))
        self._window = Window(engine.n_mels)
        self._tail: list[Word] = []
        self._stepped = 0  # frame of the last step
        self._settled = True  # nothing voiced since the last final step
        self._stopped = False  # speech stopped; the window waits for its final step

    @property
    def heard_ms(self) -> int:
        """Audio pushed so far."""
        return self._window.heard_ms

    @property
    def speaking(self) -> bool:
        """Whether voice is going on."""
        return self._vad.speaking

    @property
    def silence_ms(self) -> int:
        """Since the last voice."""
        return self._vad.silence_ms

    @property
    def settled(self) -> bool:
        """Whether all words are stable, and nothing was voiced since."""
        return self._settled

    def push(self, samples: NDArray[np.float32]) -> list[SpeechEdge]:
        """More audio, shape (n,), at most a step's worth. Returns the edges of speech in it."""
        edges = self._vad.push(samples)
        self._window.push(samples)
        for edge in edges:
            if isinstance(edge, SpeechStopped):
                if self._settled:
                    self._reset()
                else:
                    self._stopped = True
            elif self._settled:
                self._begin(edge.at_sample)
        if not self._vad.speaking and self._settled:
            keep = self._window.now - self._vad.pre_roll_ms // FRAME_MS - 100
            self._window.drop_before(max(keep, 0))
        if self._vad.speaking and self._vad.silence_ms < self._config.pause_ms // 2:
            self._settled = False
        return edges

    def _begin(self, sample: int) -> None:
        self._window.restart(sample * 1000 // SAMPLE_RATE // FRAME_MS)
        self._stepped = self._window.start
        if self._fixed is None:
            self._detected = False

    @property
    def due(self) -> bool:
        """Whether `step` has something to do."""
        if self._settled:
            return False
        if self._stopped or self._vad.silence_ms >= self._config.pause_ms:
            return True
        return (self._window.now - self._stepped) * FRAME_MS >= self._config.step_ms

    @property
    def overdue(self) -> bool:
        """Whether the window is too long to let it grow on: more than two steps behind."""
        behind_ms = (self._window.now - self._stepped) * FRAME_MS
        return not self._settled and behind_ms >= max(3000, 2 * self._config.step_ms)

    def finish(self) -> list[SpeechEdge]:
        """The audio ended, or all of it is wanted now: the next step is final.

        Returns the end of the speech that was going on, if any.
        """
        edges = self._vad.finish()
        if self._settled:
            self._reset()
        else:
            self._stopped = True
        return list(edges)

    async def step(self) -> Heard | None:
        """Listen to the window once more; None when there was nothing to hear.

        Raises EngineError when the recogniser failed twice; the window is given up then, so that
        the next one starts clean.
        """
        if self._settled:
            return None
        final = self._stopped or self._vad.silence_ms >= self._config.pause_ms
        heard_ms = self._window.heard_ms
        self._stepped = self._window.now
        stopped = self._stopped
        silence_ms = max(self._vad.silence_ms, self._vad.hangover_ms if stopped else 0)
        try:
            hypothesis = await self._hypothesis()
        except EngineError:
            self._reset()
            raise
        tail = self._words(hypothesis)
        stable = tail if final else tail[: self._stable(tail, heard_ms)]
        if final and self._is_noise(tail):
            stable, tail = [], []
        self._window.words.extend(stable)
        self._tail = tail[len(stable) :]
        if final:
            self._tail = []
            self._settled = self._vad.silence_ms >= self._config.pause_ms // 2 or stopped
        if stopped:
            self._reset()
        elif self._window.duration_s > self._config.trim_s:
            self._window.trim(int(self._config.context_s * 1000))
        return Heard(
            tuple(self._shown(stable)),
            tuple(self._shown(self._tail)),
            heard_ms,
            silence_ms if final else 0,
            self.language,
        )

    def _reset(self) -> None:
        """Nothing of the window is heard again; the silence at its end may begin a new speech."""
        silence_ms = min(self._vad.silence_ms, self._vad.pre_roll_ms)
        self._window.restart(self._window.now - silence_ms // FRAME_MS)
        self._tail = []
        self._settled = not self._vad.speaking
        self._stopped = False

    async def _hypothesis(self) -> Hypothesis:
        """The window's transcript; the engine gets one retry."""
        if self._window.duration_s > self._config.window_s:
            # Nothing was stable for that long: music, noise, another language.
            self._window.trim(int(self._config.context_s * 1000))
            excess = self._window.duration_s - self._config.window_s
            if excess > 0:
                self._window.restart(self._window.start + math.ceil(excess * 1000 / FRAME_MS))
        frames = self._window.frames()
        if not self._detected and self._window.duration_s >= _DETECT_S:
            found = await self._engine.detect(frames, ("zh", "en"))
            self.language = max(found, key=lambda name: found[name])
            self._detected = True
        prefix = [token for word in self._window.words for token in word.tokens]
        # A cap against endless loops. Counted from the window's start: the last stable word's end
        # is too rough where it was aligned at the edge of the audio.
        most = max(8, math.ceil(self._window.duration_s * _TOKENS_A_SECOND) + 8 - len(prefix))
        prompt = self._window.history if self._config.prompt else ()
        try:
            return await self._hear(frames, prompt, prefix, most)
        except EngineBusyError:
            raise
        except EngineError:
            self._telemetry.count("retry")
            return await self._hear(frames, prompt, prefix, most)

    async def _hear(
        self,
        frames: NDArray[np.float32],
        prompt: Sequence[int],
        prefix: Sequence[int],
        most: int,
    ) -> Hypothesis:
        start_ms = self._window.start_ms
        hypothesis = await self._engine.hear(
            frames,
            language=self.language,
            prompt=prompt,
            prefix=prefix,
            draft=[token for word in self._tail for token in word.tokens],
            max_new=most,
            padding_frames=self._config.padding_ms // FRAME_MS,
            beam_size=self._config.beam_size,
            keep_states=self._states is not None,
            telemetry=self._telemetry,
        )
        if self._states is not None and hypothesis.states is not None:
            self._states.put(start_ms, hypothesis.states)
        return hypothesis

    def _words(self, hypothesis: Hypothesis) -> list[Word]:
        """The hypothesis after the stable words, loops cut off."""
        known = sum(len(word.tokens) for word in self._window.words)
        count = hallucination.unlooped(hypothesis.tokens, hypothesis.ends_s)
        if count < len(hypothesis.tokens):
            self._telemetry.count("recogniser_loop")
        start_ms = self._window.start_ms
        begun = self._window.words[-1].end_ms if self._window.words else start_ms
        # A new alignment may put an end before the last stable word's: time never runs back.
        ends = [max(begun, start_ms + round(end * 1000)) for end in hypothesis.ends_s[:count]]
        return group(
            hypothesis.tokens[known:count],
            ends[known:],
            hypothesis.probs[known:count],
            begun,
            self._engine.decode,
        )

    def _stable(self, tail: list[Word], heard_ms: int) -> int:
        """How many words of `tail` are certain."""
        agreed = 0
        for new, old in zip(tail, self._tail, strict=False):
            if new.tokens != old.tokens:
                break
            agreed += 1
        newest = heard_ms - self._config.guard_ms
        aligned = 0
        for word in tail:
            if word.end_ms > newest or word.prob < self._config.sure:
                break
            aligned += 1
        count = max(agreed, aligned)
        # The newest word may still grow, however often it was seen.
        while count and tail[count - 1].end_ms > heard_ms - self._config.edge_ms:
            count -= 1
        return count

    def _is_noise(self, tail: list[Word]) -> bool:
        """Whether a final hypothesis is a known invention or a guess."""
        if not tail:
            return False
        text = join(tail, self.language)
        if not self._window.words and hallucination.invented(text):
            self._telemetry.count("invented")
            return True
        mean = math.exp(sum(math.log(max(w.prob, 1e-6)) for w in tail) / len(tail))
        if mean < _LEAST_PROB:
            self._telemetry.count("improbable")
        return mean < _LEAST_PROB

    def _shown(self, words: Sequence[Word]) -> list[Word]:
        if self.language != "zh":
            return list(words)
        return [replace(word, text=simplified(word.text)) for word in words]
