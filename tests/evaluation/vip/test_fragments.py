"""How segments are cut: by the judge where its answer holds, else at the ends of sentences."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.vip.fragments import Cut, Fragment, by_punctuation, cut, words
from evaluation.vip.judge import RefusedError
from evaluation.vip.prompts import Message
from evaluation.vip.spoken import Spoken

SOURCE = "我们九点见面。然后去桥上，好吗？"
REFERENCE = "We meet at 9.30. Then to the bridge, right?"
TWO = (
    Fragment("我们九点见面。", "We meet at 9.30."),
    Fragment("然后去桥上，好吗？", "Then to the bridge, right?"),
)
ONE = (Fragment(SOURCE, REFERENCE),)


def segment(source: str = SOURCE, reference: str = REFERENCE) -> Spoken:
    return Spoken("zh-made", 1, source, reference, "an output that is never shown here")


def rows(*pairs: tuple[str, str]) -> str:
    parts = [{"source": source, "reference": reference} for source, reference in pairs]
    return json.dumps({"fragments": parts}, ensure_ascii=False)


class Scripted:
    """Answers in turn; the last one stays."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.asked: list[Sequence[Message]] = []

    async def __call__(self, conversation: Sequence[Message]) -> str:
        self.asked.append(conversation)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


async def test_a_segment_of_50_words_is_a_fragment() -> None:
    ask = Scripted("never asked")
    at_most = segment(reference=" ".join(["word"] * 50))
    assert await cut(at_most, ask) == Cut((Fragment(SOURCE, at_most.reference),), "whole")
    assert not ask.asked
    await cut(segment(reference=" ".join(["word"] * 51)), ask)
    await cut(segment(source="字" * 102), ask)
    assert len(ask.asked) == 4, "each of two is asked twice"


def test_words_are_counted_in_both_languages() -> None:
    assert words("Don't use GPT-3 in 2024, please!") == 6
    assert words("我们用GPT开会。") == 5 / 2 + 1
    assert words("……") == 0


async def test_the_judge_cuts() -> None:
    answer = rows(("我们九点见面。", "We meet at 9.30."), ("然后去桥上，好吗？", TWO[1].reference))
    ask = Scripted(answer)
    assert await cut(segment(), ask, 0) == Cut(TWO, "judge", (answer,))
    (conversation,) = ask.asked
    assert json.loads(conversation[1]["content"]) == {"source": SOURCE, "reference": REFERENCE}


async def test_punctuation_and_case_of_a_copy_may_differ() -> None:
    answer = rows(
        ("我们九点见面", "we meet at 9.30"), ("然后去桥上好吗", "then to the bridge right")
    )
    found = await cut(segment(), Scripted(f"Sure!\n```json\n{answer}\n```"), 0)
    assert found.way == "judge"
    assert len(found.fragments) == 2


@pytest.mark.parametrize(
    "answer",
    [
        "I cannot do that.",
        rows(("我们九点见面。", "We meet at 9.30.")),  # not all
        rows(*((f.source, f.reference + " sure") for f in TWO)),  # more than all
        rows(*((f.source, f.reference) for f in reversed(TWO))),  # another order
        rows(
            (SOURCE, "We meet at 9.30."), ("", "Then to the bridge, right?")
        ),  # one without source
        json.dumps({"fragments": [SOURCE, REFERENCE]}),
        json.dumps({"fragments": {"source": SOURCE, "reference": REFERENCE}}),
        json.dumps({"fragments": [{"source": SOURCE, "reference": 7}]}),
        json.dumps({"fragments": [{"source": SOURCE}]}),
        json.dumps({"fragments": []}),
    ],
)
async def test_an_answer_of_no_use_leaves_it_to_punctuation(answer: str) -> None:
    found = await cut(segment(), Scripted(answer), 0)
    assert found == Cut(TWO, "punctuation", (answer, answer), "no usable answer")


async def test_a_refusal_leaves_it_to_punctuation() -> None:
    async def refuse(_: Sequence[Message]) -> str:
        raise RefusedError("HTTP 413: too long")

    found = await cut(segment(), refuse, 0)
    assert found == Cut(TWO, "punctuation", (), "refused: HTTP 413: too long")


async def test_sentences_that_are_not_equally_many_stay_together() -> None:
    uneven = segment(reference="We meet at nine, then go to the bridge, right?")
    found = await cut(uneven, Scripted("no"), 0)
    assert found.fragments == (Fragment(SOURCE, uneven.reference),)
    assert found.way == "punctuation"


@pytest.mark.parametrize(
    ("source", "reference", "count"),
    [
        ("", "One. Two! Three?", 3),  # a manifest without source texts
        ("好。", "“Fine.” 3.5 percent", 0),
        ("他说：“好。”然后走了。", "He said “fine.” Then he left.", 2),
        ("真的吗？！对。", "Really?! Yes.", 2),
        ("没有句号", "no full stop", 1),
        ("……", "...", 0),
    ],
)
def test_ends_of_sentences(source: str, reference: str, count: int) -> None:
    assert len(by_punctuation(segment(source, reference))) == count


@given(
    st.text("ab 。！？；!?;.…”\"'", min_size=1, max_size=40),
    st.text("甲乙，。！？；!?.…”", max_size=40),
)
def test_nothing_is_lost(reference: str, source: str) -> None:
    def bare(text: str) -> str:
        return "".join(text.split())

    found = by_punctuation(segment(source, reference))
    if found:
        assert bare("".join(f.reference for f in found)).strip("。！？；!?;.…”\"'") == bare(
            reference
        ).strip("。！？；!?;.…”\"'")
        assert all(any(c.isalnum() for c in f.reference) for f in found)
