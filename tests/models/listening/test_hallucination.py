from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.listening.hallucination import invented, unlooped


def _spoken(tokens: Sequence[int], each_s: float = 0.2) -> list[float]:
    """Ends of tokens that are said evenly."""
    return [each_s * (n + 1) for n in range(len(tokens))]


@settings(max_examples=60)
@given(
    before=st.lists(st.integers(100, 10_000), unique=True, max_size=20),
    period=st.integers(1, 40),
    more=st.integers(0, 4),
    rest=st.integers(0, 39),
)
def test_of_a_loop_one_saying_is_kept(before: list[int], period: int, more: int, rest: int) -> None:
    times = {1: 6, 2: 4, 3: 4}.get(period, 3) + more
    loop = (list(range(period)) * (times + 1))[: period * times + min(rest, period - 1)]
    tokens = [*before, *loop]
    assert unlooped(tokens, _spoken(tokens)) == len(before) + period


@settings(max_examples=60)
@given(
    before=st.lists(st.integers(100, 10_000), unique=True, max_size=20),
    period=st.integers(4, 40),
    missing=st.integers(0, 1),
    share=st.floats(0, 0.45),
)
def test_a_sentence_again_in_no_time_is_a_loop_and_in_its_own_time_is_speech(
    before: list[int], period: int, missing: int, share: float
) -> None:
    once = [*before, *range(period)]
    again = list(range(period))[: period - missing]
    tokens = [*once, *again]
    ends = _spoken(once)
    crowded = [ends[-1] + share * end for end in _spoken(again)]
    assert unlooped(tokens, [*ends, *crowded]) == len(once)
    assert unlooped(tokens, _spoken(tokens)) == len(tokens)


def test_a_loop_may_lack_its_last_mark() -> None:
    tokens = [9, *[1, 2, 3, 4, 0] * 2, 1, 2, 3, 4]
    assert unlooped(tokens, _spoken(tokens)) == 6


@settings(max_examples=60)
@given(st.lists(st.integers(0, 50_000), unique=True, max_size=60))
def test_text_without_repetition_is_whole(tokens: list[int]) -> None:
    assert unlooped(tokens, [0.0] * len(tokens)) == len(tokens)


@pytest.mark.parametrize(
    "tokens",
    [
        [],
        [1],
        [1] * 5,
        [7, *[1, 2] * 3],
        [1, 2, 3] * 3,
        [1] * 8 + [2],  # it ended: the loop is over
        [1, 2, 3, 4, 5, 1, 2, 3],
        [1, 2, 3, 4, 1, 2, 5, 4],
    ],
)
def test_a_few_repetitions_are_speech(tokens: list[int]) -> None:
    assert unlooped(tokens, _spoken(tokens)) == len(tokens)


@pytest.mark.parametrize(
    "text",
    [
        "字幕由Amara.org社区提供",
        "请不吝点赞订阅转发打赏支持明镜与点点栏目",
        "谢谢观看", "谢谢大家收看",
        "感谢您的观看", "优优独播剧场", "我们下期再见", "中文字幕志愿者 杨茜茜",
        " Thanks for watching!", "Thank you for watching.", "Please subscribe to my channel.",
        "Subtitles by the community",
    ],
)  # fmt: skip
def test_known_inventions(text: str) -> None:
    assert invented(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "谢谢大家", "谢谢", "今天我们谈机器翻译。", "Thank you.", "I subscribe to this view.",
        "我们做了一个实验，给三十个视频加上了字幕，然后请一百位学生来看，看完以后问他们记住了多少内容，结果有点出人意料。",
    ],
)  # fmt: skip
def test_what_people_say(text: str) -> None:
    assert not invented(text)
