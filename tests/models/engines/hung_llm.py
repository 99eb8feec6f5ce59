"""A program whose language model never answers: it says so, and ends with code 7."""

from __future__ import annotations

import asyncio
import sys
import threading
from pathlib import Path
from typing import Any

from models.config import LLMConfig
from models.engines import embedded
from models.engines.embedded import EmbeddedLLM
from models.engines.gate import Priority
from models.engines.llm import Conversation
from models.engines.template import ChatTemplate
from models.errors import EngineError
from models.interpreter import NoTelemetry


class Hung:
    """A llama.cpp that never comes back."""

    def handle_completions(self, _request: dict[str, Any], _callback: Any) -> None:
        """See `xllamacpp.Server`."""
        threading.Event().wait()


async def main() -> None:
    """Ask once; raises EngineError."""
    llm = EmbeddedLLM(Path("model.gguf"), LLMConfig())
    llm._server, llm._template, llm._silence_s = Hung(), ChatTemplate("", "", "", ""), 0.1
    lane = llm.lane()
    request = lane.generate(
        Conversation("Interpret.", (), "天"),
        max_tokens=1,
        priority=Priority.COMMIT,
        telemetry=NoTelemetry(),
    )
    try:
        await anext(request)
    finally:
        lane.close()
        await llm.close()


if __name__ == "__main__":
    embedded._LEAVE_S = 0.1
    try:
        asyncio.run(main())
    except EngineError as error:
        sys.stdout.write(f"{error}\n")
        sys.exit(7)
