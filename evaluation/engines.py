"""The recogniser and the LLM of a configuration, loaded once and used in one loop after another."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from models.config import ModelsConfig
from models.engines.llm import LanguageModel
from models.engines.whisper import WhisperEngine
from models.factory import load_recogniser, make_llm, make_scorer
from models.recall.rating import Scorer


@dataclass(frozen=True, slots=True)
class Engines:
    """Loaded models. llm: None for an endpoint, whose connections belong to one event loop.
    scorer: None where no term is listened for."""

    recogniser: WhisperEngine
    llm: LanguageModel | None
    scorer: Scorer | None = None


@contextmanager
def open_engines(config: ModelsConfig) -> Iterator[Engines]:
    """The models of `config`, freed after; an endpoint is tried. Not within an event loop.

    Raises WeightsError, ConfigError or EngineError.
    """
    recogniser = load_recogniser(config)
    scorer = make_scorer(config)
    llm = make_llm(config)
    kept = config.llm.engine == "embedded"
    try:
        asyncio.run(_start(llm, kept=kept))
        yield Engines(recogniser, llm if kept else None, scorer)
    finally:
        if kept:
            asyncio.run(llm.close())
        recogniser.close()


async def _start(llm: LanguageModel, *, kept: bool) -> None:
    try:
        await llm.start()
    finally:
        if not kept:
            await llm.close()
