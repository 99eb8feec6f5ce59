"""The judge: a language model behind any OpenAI-compatible URL."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
from pydantic import SecretStr

from evaluation.vip.prompts import Message
from models.errors import TongchuanError

KEY_VARIABLE = "TONGCHUAN_JUDGE_API_KEY"
_LATER = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})  # statuses that may pass
_REFUSED = frozenset({400, 413, 422})  # statuses that say no to one request: too long, filtered
_LONGEST_PAUSE_S = 60.0
_ALIKE = "is it an OpenAI-compatible server?"
_MALFORMED = (ValueError, LookupError, TypeError, AttributeError)


class JudgeError(TongchuanError):
    """The judge is not there, does not know us, or died. Names its URL and what it said."""


class RefusedError(JudgeError):
    """It does not take this request; it may take others."""


@dataclass(frozen=True, slots=True)
class JudgeConfig:
    """url: base URL, such as http://127.0.0.1:8001/v1. parallel: requests at once; `vip` keeps to
    it. timeout_s: of one try. tries: of one request, with pauses from backoff_s on that double.
    max_tokens: of an answer, a model's reasoning included."""

    url: str
    model: str
    api_key: SecretStr = field(default_factory=lambda: SecretStr(""))
    parallel: int = 4
    timeout_s: float = 180.0
    tries: int = 6
    backoff_s: float = 1.0
    max_tokens: int = 2048

    @classmethod
    def from_environment(
        cls, url: str, model: str, parallel: int = 4, environment: Mapping[str, str] = os.environ
    ) -> JudgeConfig:
        """With the key that KEY_VARIABLE holds, if it does."""
        return cls(url, model, SecretStr(environment.get(KEY_VARIABLE, "").strip()), parallel)


class Judge:
    """Answers by chat completions, always at temperature 0."""

    def __init__(self, config: JudgeConfig) -> None:
        if not config.url.startswith(("http://", "https://")):
            raise JudgeError(
                f"the judge's URL is {config.url!r}; it should be the base URL of an "
                "OpenAI-compatible server, such as http://127.0.0.1:8001/v1"
            )
        self.config = config
        key = config.api_key.get_secret_value()
        if not key.isascii():
            raise JudgeError(f"{KEY_VARIABLE} holds a character that is in no key; set it anew")
        try:
            self._client = httpx.AsyncClient(
                base_url=config.url.rstrip("/") + "/",
                headers={"Authorization": f"Bearer {key}"} if key else {},
                timeout=httpx.Timeout(config.timeout_s, connect=10.0),
            )
        except httpx.InvalidURL as error:
            raise self._error(f"has no usable URL: {error}") from None

    @property
    def name(self) -> str:
        """The model's."""
        return self.config.model

    async def start(self) -> None:
        """See that it answers and knows the model. Raises JudgeError."""
        answer = await self._patiently("GET", "models", tries=min(2, self.config.tries))
        try:
            known = [str(model["id"]) for model in answer.json()["data"]]
        except _MALFORMED:
            raise self._error(f"gives no list of models: {_ALIKE}") from None
        if known and self.name not in known:
            raise self._error(
                f"has no model {self.name!r}; set --judge-model to one of: {', '.join(known[:8])}"
            )

    async def ask(self, conversation: Sequence[Message]) -> str:
        """The answer's text, empty where the model gave none. Raises JudgeError, RefusedError."""
        request = {
            "model": self.name,
            "messages": list(conversation),
            "max_tokens": self.config.max_tokens,
            "temperature": 0,
        }
        answer = await self._patiently("POST", "chat/completions", request)
        try:
            return str(answer.json()["choices"][0]["message"].get("content") or "")
        except _MALFORMED:
            raise self._error(f"gave no chat completion: {_ALIKE}") from None

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _patiently(
        self, method: str, path: str, body: object = None, *, tries: int = 0
    ) -> httpx.Response:
        """The answer, tried again while the fault may pass: `tries` times, 0 for as many as set."""
        tries = tries or self.config.tries
        said, pause_s = "", 0.0
        for attempt in range(tries):
            if attempt:
                await asyncio.sleep(min(pause_s, _LONGEST_PAUSE_S))
            pause_s = self.config.backoff_s * 2**attempt
            try:
                async with asyncio.timeout(self.config.timeout_s):
                    answer = await self._client.request(method, path, json=body)
            except TimeoutError:
                said = f"no answer within {self.config.timeout_s:g} s"
            except httpx.HTTPError as error:
                said = str(error) or type(error).__name__
            else:
                if answer.status_code not in _LATER:
                    return self._good(answer)
                said = _reason(answer)
                pause_s = max(pause_s, _retry_after_s(answer))
        raise self._error(f"did not answer (tries: {tries}): {said}")

    def _good(self, answer: httpx.Response) -> httpx.Response:
        if answer.status_code in _REFUSED and answer.request.method == "POST":
            raise RefusedError(_reason(answer))
        if answer.status_code in (401, 403):
            raise self._error(f"does not let us in ({_reason(answer)}): set {KEY_VARIABLE}")
        if not answer.is_success:
            raise self._error(f"answers {_reason(answer)}: is it a base URL that ends in /v1?")
        return answer

    def _error(self, what: str) -> JudgeError:
        return JudgeError(f"the judge at {self.config.url} {what}")


@asynccontextmanager
async def open_judge(config: JudgeConfig) -> AsyncIterator[Judge]:
    """One that was seen to answer. Raises JudgeError."""
    judge = Judge(config)
    try:
        await judge.start()
        yield judge
    finally:
        await judge.close()


def _reason(answer: httpx.Response) -> str:
    return f"HTTP {answer.status_code}: {answer.text[:200]}"


def _retry_after_s(answer: httpx.Response) -> float:
    """What the header asks for, where it is in seconds."""
    try:
        return float(answer.headers.get("retry-after", "0"))
    except ValueError:
        return 0.0
