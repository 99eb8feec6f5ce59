from __future__ import annotations

import math
from typing import Any

import pytest

from models.engines.boundary import boundary_mass

Candidates = list[tuple[str, float]]
CASES: list[tuple[Candidates, str, float]] = [
    ([("，", 0.5), ("的", 0.3), ("。", 0.1)], "zh", 0.6),
    ([("", 0.4), ("你", 0.6)], "zh", 0.4),
    ([("<|im_end|>", 0.5), ("我", 0.5)], "zh", 0.5),
    ([("\n", 0.2), ("\n\n", 0.1), ("我", 0.7)], "zh", 0.3),
    ([(" ,", 0.25), (" and", 0.5), (".", 0.25)], "en", 0.5),
    ([("，", 0.5), (" the", 0.5)], "en", 0.0),
    ([("。\n", 0.5), ("、", 0.3), ("……", 0.1)], "zh", 0.9),
    ([("。", 0.7), ("！", 0.6)], "zh", 1.0),
    ([("的", 0.9)], "zh", 0.0),
]


def by_list(candidates: Candidates) -> dict[str, Any]:
    top = [{"token": token, "logprob": math.log(p)} for token, p in candidates]
    return {"text": "", "logprobs": {"content": [{"top_logprobs": top}]}}


def by_dict(candidates: Candidates) -> dict[str, Any]:
    return {"logprobs": {"top_logprobs": [{t: math.log(p) for t, p in candidates}]}}


@pytest.mark.parametrize("written", [by_list, by_dict])
@pytest.mark.parametrize(("candidates", "language", "mass"), CASES)
def test_marks_and_ends_count(
    candidates: Candidates, language: str, mass: float, written: Any
) -> None:
    assert boundary_mass(written(candidates), language) == pytest.approx(mass)


@pytest.mark.parametrize(
    "choice",
    [
        {},
        {"text": "，"},
        {"logprobs": None},
        {"logprobs": {}},
        {"logprobs": {"top_logprobs": None}},
        {"logprobs": {"content": []}},
        {"logprobs": {"content": None}},
    ],
)
def test_a_choice_without_probabilities_says_so(choice: dict[str, Any]) -> None:
    assert boundary_mass(choice, "zh") is None


@pytest.mark.parametrize(
    "choice",
    [
        {"logprobs": 7},
        {"logprobs": {"content": [{}]}},
        {"logprobs": {"content": [{"top_logprobs": [{"token": "，", "logprob": "much"}]}]}},
        {"logprobs": {"top_logprobs": [[]]}},
    ],
)
def test_a_choice_of_another_shape_is_refused(choice: dict[str, Any]) -> None:
    with pytest.raises((LookupError, TypeError, ValueError, AttributeError)):
        boundary_mass(choice, "zh")
