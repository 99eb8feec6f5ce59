"""Verdicts from what models write."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.vip.answers import objects
from evaluation.vip.verdicts import CHECKS, Checks, parse

GOOD = '{"why": "ok", "key_information": true, "correct": false, "expressive": true}'
FOUND = Checks(True, False, True)


@pytest.mark.parametrize(
    "answer",
    [
        GOOD,
        f"```json\n{GOOD}\n```",
        f"Here it is:\n{GOOD}\nI hope that helps {{really}}.",
        f"<think>maybe {GOOD.replace('false', 'true')}</think>\n{GOOD}",
        f"{GOOD}\n{GOOD}",
        GOOD.replace('"ok"', '"they said {\\"correct\\": true}"'),
        GOOD.replace("{", "{\n  ").replace(",", ",\n\t"),
        f"{{broken {GOOD}",
        GOOD.replace('"why": "ok", ', ""),
    ],
)
def test_a_verdict_is_found(answer: str) -> None:
    assert parse(answer) == FOUND


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "valid",
        "true true true",
        "{}",
        "[true, true, true]",
        GOOD[:-1],
        GOOD.replace("false", '"false"'),
        GOOD.replace("false", "0"),
        GOOD.replace("false", "null"),
        GOOD.replace('"correct"', '"corect"'),
        f"{GOOD} or rather {GOOD.replace('false', 'true')}",
        f"{GOOD}<think>let me think again",
        f"[{GOOD.replace('false', 'False')}]",
        "{" * 5000,
        '{"a":' * 5000,
    ],
)
def test_anything_else_is_none(answer: str) -> None:
    assert parse(answer) is None or answer.startswith(GOOD)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
TEXT = st.text(st.characters(exclude_characters="{}[]\"'<>"), max_size=30)


@given(st.dictionaries(st.sampled_from([*CHECKS, "why"]), JSON), TEXT, TEXT)
def test_only_three_booleans_are_a_verdict(body: dict[str, Any], before: str, after: str) -> None:
    answer = before + json.dumps(body) + after
    assert list(objects(answer)) == [body]
    whole = all(isinstance(body.get(name), bool) for name in CHECKS)
    assert parse(answer) == (Checks(**{n: body[n] for n in CHECKS}) if whole else None)
