"""Where a clause ends, as far as a language model's next token tells."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

_MARKS = {"zh": "，。！？；：、,.!?;:…", "en": ".,!?;:…"}
"""First characters of tokens that end a clause."""


def boundary_mass(choice: Mapping[str, Any], language: str) -> float | None:
    """Probability of a clause's end as the next token: punctuation, a new line, a special token.

    choice: of an OpenAI completion, with its `logprobs` in either form that servers write: a list
    of tokens, each with its candidates, or (older) a mapping of candidates a token.
    None when it has none. Raises LookupError, TypeError, ValueError or AttributeError when it has
    another shape.
    """
    candidates = _candidates(choice.get("logprobs") or {})
    if candidates is None:
        return None
    marks = _MARKS[language]
    ends = (math.exp(float(logprob)) for token, logprob in candidates if _is_end(token, marks))
    return min(1.0, sum(ends))


def _candidates(logprobs: Mapping[str, Any]) -> Iterable[tuple[str, float]] | None:
    """Token and log probability of each candidate for the first place."""
    if logprobs.get("content"):
        return [(c["token"], c["logprob"]) for c in logprobs["content"][0]["top_logprobs"]]
    if logprobs.get("top_logprobs"):
        found: dict[str, float] = logprobs["top_logprobs"][0]
        return found.items()
    return None


def _is_end(token: str, marks: str) -> bool:
    """Some servers write a special token as an empty text, others by its name."""
    text = token.strip(" ")
    return text == "" or text[0] in marks or text[0] == "\n" or text.startswith("<|")
