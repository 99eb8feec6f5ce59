"""The README's figures are those of the committed results."""

from __future__ import annotations

import pytest

from evaluation.readme import README, marked, tables, written


@pytest.mark.parametrize("name", ["figures", "systems"])
def test_the_readme_tells_the_committed_results(name: str) -> None:
    told = marked(README.read_text(encoding="utf-8"), name)
    assert told == tables()[name], "python -m evaluation.readme writes them"


def test_a_table_goes_between_its_marks_and_nothing_else_changes() -> None:
    text = "a\n<!-- one -->\nold\n<!-- /one -->\nb <!-- two -->x<!-- /two --> c\n"
    made = written(text, {"two": "| y |", "one": "| new |"})
    assert marked(made, "one") == "| new |"
    assert marked(made, "two") == "| y |"
    assert made.startswith("a\n<!-- one -->")
    assert made.endswith("<!-- /two --> c\n")
    assert written(made, {"one": "| new |"}) == made


def test_a_readme_without_the_marks_is_no_silent_success() -> None:
    with pytest.raises(ValueError, match="substring"):
        written("nothing here", {"one": "| new |"})
