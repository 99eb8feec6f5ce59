"""From a configuration to running engines: `build_backend`."""

from __future__ import annotations

import asyncio
import math
import time
from pathlib import Path

import numpy as np

from models import weights
from models.cascade import Cascade
from models.config import ModelsConfig
from models.engines.embedded import EmbeddedLLM
from models.engines.endpoint import EndpointLLM
from models.engines.gate import Priority
from models.engines.llm import Conversation, LanguageModel
from models.engines.whisper import WhisperEngine
from models.errors import ConfigError
from models.events import SessionSpec
from models.interpreter import Capacity, Interpreter, NoTelemetry, Telemetry
from models.listening.window import FRAME_MS
from models.load import Load
from models.recall.scorer import SpeechScorer
from models.selfcheck import check_llm, check_recogniser
from models.speaking.prompt import system_prompt

# What a second of speech costs, as measured on realsi-dev (zh2en) with the default policy.
_STEP_WINDOW_S = 6.0
_STEP_TOKENS = 26  # decoded in such a window
_OUTPUT_TOKENS_A_SECOND = 3.2
_PROMPT_TOKENS_A_SECOND = 5.5
_SCORED_RECOGNISER = "whisper-base"
_USABLE = 0.9  # of the machine: the rest is for sockets and luck


class CascadeBackend:
    """The engines of a cascade; see `InterpreterBackend`."""

    def __init__(self, config: ModelsConfig, progress: weights.Progress | None = None) -> None:
        self._config = config
        self._progress = progress
        self._recogniser: WhisperEngine | None = None
        self._llm: LanguageModel | None = None
        self._load = Load()
        self._scorer: SpeechScorer | None = None

    async def start(self) -> Capacity:
        """See `InterpreterBackend.start`."""
        config = self._config
        self._recogniser = await asyncio.to_thread(load_recogniser, config, self._progress)
        self._llm = await asyncio.to_thread(make_llm, config, self._progress)
        self._scorer = await asyncio.to_thread(make_scorer, config)
        await self._llm.start()
        capacity = await self._measure(self._recogniser, self._llm)
        if config.llm.engine == "embedded" and capacity.sessions > config.llm.slots:
            details = {**capacity.details, "llm_slots": float(config.llm.slots)}
            return Capacity(capacity.share, config.llm.slots, details)
        return capacity

    async def _measure(self, recogniser: WhisperEngine, llm: LanguageModel) -> Capacity:
        """Time the models at a typical step and chunk.

        A run before warms them, on the longest window: no later one asks for more memory.
        """
        longest_s = max(_STEP_WINDOW_S, self._config.listening.window_s)
        noise = np.random.default_rng(0).normal(-1, 1, (int(longest_s * 100), recogniser.n_mels))
        lane = llm.lane()
        step_s = chunk_s = 0.0
        try:
            for window_s in (longest_s, _STEP_WINDOW_S):
                started = time.perf_counter()
                await recogniser.hear(
                    noise[: int(window_s * 100)].astype(np.float32),
                    language="zh",
                    prefix=recogniser.encode_text("今天天气很好" * 8)[:_STEP_TOKENS],
                    max_new=1,
                    padding_frames=self._config.listening.padding_ms // FRAME_MS,
                    telemetry=NoTelemetry(),
                )
                step_s = time.perf_counter() - started
                started = time.perf_counter()
                conversation = Conversation(
                    system_prompt("zh", "en", ""), (), f"今天我们谈谈同声传译，第{started:.0f}次。"
                )
                count = 0
                async for _piece in lane.generate(
                    conversation, max_tokens=12, priority=Priority.COMMIT, telemetry=NoTelemetry()
                ):
                    count += 1
                chunk_s = (time.perf_counter() - started) / max(1, count)
        finally:
            lane.close()
        listening = step_s * 1000 / self._config.listening.step_ms
        speaking = chunk_s * (_OUTPUT_TOKENS_A_SECOND + 0.5 * _PROMPT_TOKENS_A_SECOND)
        listening /= self._config.recogniser.workers
        speaking /= self._config.llm.parallel
        share = max(listening, speaking) if self._separate() else listening + speaking
        details = {"recogniser_step_s": step_s, "llm_token_s": chunk_s}
        return Capacity(share, max(1, math.floor(_USABLE / share)), details)

    def _separate(self) -> bool:
        """Whether recogniser and LLM run on different hardware."""
        return self._config.llm.engine == "endpoint" or self._config.recogniser.device != "cpu"

    def open(self, spec: SessionSpec, telemetry: Telemetry) -> Interpreter:
        """See `InterpreterBackend.open`."""
        assert self._recogniser is not None, "start() first"
        assert self._llm is not None, "start() first"
        return Cascade(
            self._recogniser,
            self._llm,
            self._config,
            spec,
            telemetry,
            self._load,
            self._scorer,
        )

    def faults(self) -> tuple[str, ...]:
        """See `InterpreterBackend.faults`."""
        engines = (self._recogniser, self._llm)
        return tuple(engine.fault for engine in engines if engine is not None and engine.fault)

    async def check(self) -> None:
        """See `InterpreterBackend.check`."""
        if self._recogniser is not None and self._recogniser.fault:
            await check_recogniser(self._recogniser)
        if self._llm is not None and self._llm.fault:
            await check_llm(self._llm)

    async def close(self) -> None:
        """See `InterpreterBackend.close`."""
        if self._llm is not None:
            await self._llm.close()
        if self._recogniser is not None:
            self._recogniser.close()


def build_backend(config: ModelsConfig, progress: weights.Progress | None = None) -> CascadeBackend:
    """The engines of `config`, not loaded yet: `start()` fetches what is missing and loads."""
    return CascadeBackend(config, progress)


def load_recogniser(
    config: ModelsConfig, progress: weights.Progress | None = None
) -> WhisperEngine:
    """The recogniser of `config`, loaded; its weights are fetched first if they are missing.

    Blocks; run it off the event loop. Raises WeightsError, ConfigError or EngineError.
    """
    recogniser = config.recogniser
    return WhisperEngine(_find(recogniser.model, config.weights, progress), recogniser)


def make_llm(config: ModelsConfig, progress: weights.Progress | None = None) -> LanguageModel:
    """The language model of `config`, not started; fetches as `load_recogniser` does."""
    if config.llm.engine == "endpoint":
        return EndpointLLM(config.llm)
    return EmbeddedLLM(_find(config.llm.model, config.weights, progress), config.llm)


def make_scorer(config: ModelsConfig) -> SpeechScorer | None:
    """What listens for terms; None for recognisers whose states it was not trained on, or when it
    is turned off. Raises WeightsError."""
    if not config.recall.listen or config.recogniser.model != _SCORED_RECOGNISER:
        return None
    return SpeechScorer()


def _find(model: str, config: weights.WeightsConfig, progress: weights.Progress | None) -> Path:
    """The files of `model`, a path or a name in the manifest."""
    path = Path(model).expanduser()
    if path.exists():
        return path
    if path.is_absolute():
        raise ConfigError(f"there is no model at {path}: give a name or a path that exists")
    return weights.ensure(model, config=config, progress=progress)
