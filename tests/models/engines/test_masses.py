from __future__ import annotations

import math
from typing import Any

import pytest

from models.engines.embedded import boundary_mass
from models.engines.endpoint import _mass
from models.engines.llm import BOUNDARY_MARKS

Candidates = list[tuple[str, float]]
CASES: list[tuple[Candidates, str, float]] = [
    ([("，", 0.5), ("的", 0.3), ("。", 0.1)], "zh", 0.6),
    ([("", 0.4), ("你", 0.6)], "zh", 0.4),
    ([("\n", 0.2), ("\n\n", 0.1), ("我", 0.7)], "zh", 0.3),
    ([(" ,", 0.25), (" and", 0.5), (".", 0.25)], "en", 0.5),
    ([("，", 0.5), (" the", 0.5)], "en", 0.0),
    ([("。\n", 0.5), ("、", 0.3), ("……", 0.1)], "zh", 0.9),
    ([("。", 0.7), ("！", 0.6)], "zh", 1.0),
    ([("的", 0.9)], "zh", 0.0),
]


def embedded(candidates: Candidates) -> dict[str, Any]:
    top = [{"token": token, "logprob": math.log(p)} for token, p in candidates]
    return {"choices": [{"text": "", "logprobs": {"content": [{"top_logprobs": top}]}}]}


def by_list(candidates: Candidates) -> dict[str, Any]:
    result: dict[str, Any] = embedded(candidates)["choices"][0]
    return result


def by_dict(candidates: Candidates) -> dict[str, Any]:
    return {"logprobs": {"top_logprobs": [{t: math.log(p) for t, p in candidates}]}}


@pytest.mark.parametrize(("candidates", "language", "mass"), CASES)
def test_marks_and_ends_count(candidates: Candidates, language: str, mass: float) -> None:
    marks = BOUNDARY_MARKS[language]
    assert boundary_mass(embedded(candidates), marks) == pytest.approx(mass)
    assert _mass(by_list(candidates), marks) == pytest.approx(mass)
    assert _mass(by_dict(candidates), marks) == pytest.approx(mass)


def test_a_special_token_by_its_name_is_an_end() -> None:
    assert _mass(by_dict([("<|im_end|>", 0.5), ("我", 0.5)]), "，") == pytest.approx(0.5)


@pytest.mark.parametrize(
    "result",
    [
        {},
        {"choices": []},
        {"choices": [{"text": "，"}]},
        {"choices": [{"logprobs": None}]},
        {"choices": [{"logprobs": {"content": []}}]},
        {"choices": [{"logprobs": {"content": None}}]},
    ],
)
def test_a_result_without_probabilities_says_so(result: dict[str, Any]) -> None:
    assert boundary_mass(result, "，。") is None


@pytest.mark.parametrize(
    "choice", [{}, {"logprobs": None}, {"logprobs": {}}, {"logprobs": {"top_logprobs": None}},
               {"logprobs": {"content": []}}]
)  # fmt: skip
def test_a_choice_without_probabilities_says_so(choice: dict[str, Any]) -> None:
    assert _mass(choice, "，。") is None
