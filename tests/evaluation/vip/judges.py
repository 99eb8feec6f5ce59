"""An OpenAI-compatible endpoint, over HTTP, whose judge follows a rule."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any

from pydantic import SecretStr

from evaluation.vip.judge import Judge, JudgeConfig, open_judge
from evaluation.vip.prompts import FRAGMENTS
from evaluation.vip.verdicts import CHECKS
from tests.models.engines.endpoint_server import Reply, Server, answer, served

MODELS = answer(200, {"data": [{"id": "judge"}, {"id": "other"}]})
KEY = "s3cret-key"
Rule = Callable[[dict[str, Any]], str]
"""The text that the judge answers a request with."""


def config(url: str, **settings: Any) -> JudgeConfig:
    """That waits for nothing."""
    plain: dict[str, Any] = {"api_key": SecretStr(KEY), "tries": 3, "backoff_s": 0.0}
    return JudgeConfig(url, "judge", **(plain | settings))


def completion(text: str | None) -> Reply:
    """A good answer."""
    return answer(200, {"choices": [{"message": {"role": "assistant", "content": text}}]})


def by(server: Server, rule: Rule) -> Reply:
    """Answers each request by the rule."""

    async def reply(writer: asyncio.StreamWriter) -> None:
        _, body = server.requests[-1]  # noted just now, and nobody had a turn since
        await completion(rule(body))(writer)

    return reply


@asynccontextmanager
async def judging(rule: Rule, **settings: Any) -> AsyncIterator[tuple[Judge, Server]]:
    """A judge that follows the rule. settings: of its `JudgeConfig`."""
    async with served(models=[MODELS]) as server:
        server.replies["chat/completions"] = [by(server, rule)]
        async with open_judge(config(server.url, **settings)) as judge:
            yield judge, server


def asked(server: Server) -> list[dict[str, Any]]:
    """Every chat request, in the order in which they came."""
    return server.bodies("chat/completions")


def material(body: Mapping[str, Any]) -> dict[str, str]:
    """What is to be judged in a request, as the judge can read it."""
    found: dict[str, str] = json.loads(body["messages"][1]["content"])
    return found


def cutting(body: Mapping[str, Any]) -> bool:
    """Whether it asks for fragments."""
    return bool(body["messages"][0]["content"] == FRAGMENTS.text)


def verdict(**checks: bool) -> str:
    """An answer; what is not named holds."""
    return json.dumps({"why": "so it is"} | dict.fromkeys(CHECKS, True) | checks)


def fair(body: Mapping[str, Any]) -> str:
    """Judges by the words alone: all that begin with a capital in the reference are key
    information; "not" is an error; a word that follows itself is no expression."""
    fields = material(body)
    shown = fields["translation"].split()
    keys = {word for word in fields["reference"].split() if word[0].isupper()}
    return verdict(
        key_information=keys <= set(shown),
        correct="not" not in shown,
        expressive=all(first != second for first, second in pairwise(shown)),
    )
