from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.speaking.guards import Guard, GuardTrippedError, looped


def guarded(
    output: str, source: str = "今天天气很好", target: str = "en", cuts: tuple[int, ...] = ()
) -> tuple[str, str]:
    """What is released of `output` given in pieces, and the fault that ended it ("" for none)."""
    guard = Guard(source, target)
    edges = [0, *sorted(min(cut, len(output)) for cut in cuts), len(output)]
    released: list[str] = []
    fault = ""
    try:
        for start, end in itertools.pairwise(edges):
            released.append(guard.push(output[start:end]))
        released.append(guard.finish())
    except GuardTrippedError as error:
        fault = error.kind
    assert "".join(released) == guard.text, "what it says is out was returned"
    return guard.text, fault


@pytest.mark.parametrize(
    ("source", "output"),
    [
        ("当然，我会的。", "Sure, I will."),
        ("我们到了。", "Here we are."),
        ("问题是这样的：我们没有钱。", "Here is the thing: we have no money."),
        ("对不起我迟到了", "I'm sorry I'm late."),
        ("很抱歉，我不能去。", "I'm sorry, but I cannot go."),
        ("是的是的是的", "Yes, yes, yes."),
        ("我们有三个步骤", "We have three steps (design, build and test)."),
        ("大约三公里", "About three kilometres (or two miles), I think."),
        ("作为一名医生", "As an AI doctor of medicine"[:5] + " doctor,"),
        ("我不能接受", "I can't accept that."),
        ("他不知道翻译", "He does not know the translation"),
        ("英语是全球语言", "English is a global language: everybody learns it."),
        ("好吧", "OK."),
        ("请", "Please."),
        ("请给我盐", "Please pass the salt."),
        ("助手走了", "Assistants left."),
        ("他说好", 'He said "yes".'),
        ("他说", "He said: 'go on'."),
        ("很长", "A very (by the standards of anybody who has ever seen such a thing) long one."),
        ("非常非常好", "very, very, very good"),
        ("三点五", "3.5 (+/- 0.1) per cent"),
        ("", ""),
    ],
)
def test_translations_pass_as_they_are(source: str, output: str) -> None:
    assert guarded(output, source) == (output, "")
    assert guarded(output, source, cuts=tuple(range(len(output)))) == (output, "")


@pytest.mark.parametrize(
    ("source", "output"),
    [
        ("He spoke.", "他说话了（大家都很高兴）。"),
        ("We use AI.", "我们使用人工智能（AI）。"),
        ("Okay.", "好的。"),
        ("Sorry, I cannot come.", "抱歉，我不能来。"),
        ("ha ha ha", "哈哈哈"),
        ("He uses Microsoft Word.", "他用 Microsoft Word。"),
        ("Visit the New York Museum of Modern Art", "参观 New York Museum of Modern Art"[:21]),
    ],
)
def test_chinese_translations_pass_as_they_are(source: str, output: str) -> None:
    assert guarded(output, source, "zh") == (output, "")


@pytest.mark.parametrize(
    "output",
    [
        "Sure, here is the translation: It is nice today.",
        "Here's the English translation:\nIt is nice today.",
        'Here is the translation:\n\n"It is nice today."',
        "Translation: It is nice today.",
        "The translation of the piece: It is nice today.",
        "Certainly! Here is your translation in English: It is nice today.",
        "English: It is nice today.",
        "Translation: English: It is nice today.",
        "Assistant: It is nice today.",
        '"It is nice today."',
        "“It is nice today.”",
        " \n It is nice today.",
        "It is nice today.\n\nNote: 天气 means weather.",
        "It is nice today. (Note: a literal translation)",
        "It is nice today. (天气 = weather)",
        "It is nice today (lit. today's weather is very good).",
        "It is nice today. (Translator's note: this is a common greeting among people who know "
        "each other well and want to talk)",
        "It is nice today. (Note: it was cut off",
        "It is nice today.   ",
    ],
)
def test_chatter_is_cut_off(output: str) -> None:
    for cuts in ((), tuple(range(len(output)))):
        released, fault = guarded(output, cuts=cuts)
        assert released in ("It is nice today.", "It is nice today")
        assert fault == ""


@pytest.mark.parametrize(
    "output",
    [
        "好的，以下是翻译：今天很好。",
        "译文：今天很好。",
        "今天很好。（译者注：直译）",
        "今天很好。\n（注：问候语）",
    ],
)
def test_chinese_chatter_is_cut_off(output: str) -> None:
    for cuts in ((), tuple(range(len(output)))):
        assert guarded(output, "It is nice.", "zh", cuts) == ("今天很好。", "")


@pytest.mark.parametrize(
    "output",
    [
        "I'm sorry, but I can't help with that.",
        "I am sorry, I cannot assist.",
        "Sorry, but I cannot translate this.",
        "I cannot assist with this request.",
        "As an AI language model, I do not have feelings.",
        "I'm an AI and have no opinion.",
        "Please provide the text you want me to translate.",
        "Provide more context.",
        "Translation: I'm sorry, but I can't help with that.",
    ],
)
def test_refusals_trip_before_anything_is_out(output: str) -> None:
    for cuts in ((), tuple(range(len(output)))):
        assert guarded(output, cuts=cuts) == ("", "refusal")


@pytest.mark.parametrize(
    ("output", "held"),
    [
        ("Yes, that's right, there are better ways to do it.", "Yes, tha"),
        ("Okay, let us begin with the first page.", "Okay, l"),
        ("I can only say that I share some of my own.", "I can o"),
        ("I am going to the station now.", "I am g"),
        ("I'm very happy to be here today.", "I'm very h"),
        ("Of course we have to.", "Of course w"),
        ("Translators work at night.", "Translato"),
        ("Below the bridge there is a river.", "Below t"),
        ("Here is a river below the bridge.", "Here is a river below the bridge."),
    ],
)
def test_what_can_be_no_chatter_any_more_is_not_held(output: str, held: str) -> None:
    """held: up to where it might still have been."""
    guard = Guard("你好", "en")
    waited = next(
        (output[:end] for end in range(1, len(output) + 1) if guard.push(output[end - 1])),
        output,
    )
    assert waited == held


@pytest.mark.parametrize(
    ("output", "released"),
    [
        ("It is 今天", "It is"),
        ("今天天气", ""),
        ("The weather カタカナ", "The weather"),
    ],
)
def test_the_source_language_trips(output: str, released: str) -> None:
    assert guarded(output) == (released, "source_language")
    assert guarded(output, cuts=tuple(range(len(output)))) == (released, "source_language")


def test_an_echo_of_the_source_trips() -> None:
    source = "So today we will talk about machine translation."
    assert guarded("So today we will talk about machine", source, "zh")[1] == "source_language"
    assert guarded("今天我们谈 machine translation。", source, "zh")[1] == ""


@pytest.mark.parametrize(
    ("unit", "times"), [("no", 5), ("on and", 4), ("one two three", 4), ("a b c d", 3),
                        ("the cat sat on the mat today again", 3)]
)  # fmt: skip
def test_a_loop_trips(unit: str, times: int) -> None:
    output = " ".join(["Well then"] + [unit] * (times + 3))
    released, fault = guarded(output, cuts=tuple(range(0, len(output), 3)))
    assert fault == "loop"
    assert released.startswith("Well then")
    assert released.count(unit) <= times + 1
    few = " ".join(["Well then"] + [unit] * (times - 1))
    assert guarded(few) == (few, "")


def test_a_word_that_only_begins_like_a_loop_is_none() -> None:
    assert guarded("no no no no nobody", cuts=(14,)) == ("no no no no nobody", "")


def test_a_chinese_loop_trips() -> None:
    assert guarded("好" * 12, "good", "zh")[1] == "loop"
    assert guarded("我们走" * 8, "we go", "zh")[1] == "loop"
    assert looped("我们走我们走", "zh") is False


def test_after_a_fault_nothing_more_comes_out() -> None:
    guard = Guard("天气", "en")
    assert guard.push("It is 天") == "It is"
    for more in (guard.finish, lambda: guard.push("x")):
        with pytest.raises(GuardTrippedError, match="source_language"):
            more()
    assert guard.text == "It is"


def test_after_the_end_nothing_more_comes_out() -> None:
    guard = Guard("天气", "en")
    assert guard.push("Fine.\nNote:") == "Fine."
    assert guard.done
    assert guard.push("more") == guard.finish() == ""
    assert guard.removed == ["chatter"]


def test_an_answer_that_continues_has_no_head() -> None:
    guard = Guard("当然", "en", released="It is")
    out = guard.push(" sure, here is the translation: x") + guard.finish()
    assert guard.text == "It is" + out == "It is sure, here is the translation: x"


WORDS = ["the", "weather", "is", "very", "nice", "today", "and", "we", "go", ",", "3.5"]
PARTS = st.sampled_from(
    [
        "Sure, ", "here is the translation: ", "Here's", "Translation:", " ", "\n", '"', "“", "”",
        "It is ", "nice ", "today", ".", "(", ")", "note ", "=", "天", "no ", "no ", "no no ",
        "I'm sorry, ", "but I can't", "As an AI", "OK", "English", ":", "（", "注：", "），",
        "So today we will talk about machine translation",
    ]
)  # fmt: skip


@settings(max_examples=120)
@given(
    parts=st.lists(PARTS, max_size=12),
    cuts=st.lists(st.integers(0, 120), max_size=10),
    target=st.sampled_from(["en", "zh"]),
)
def test_however_the_output_is_cut_the_same_is_released(
    parts: list[str], cuts: list[int], target: str
) -> None:
    output = "".join(parts)
    source = "So today we will talk about machine translation."
    whole = guarded(output, source, target)
    assert guarded(output, source, target, tuple(cuts)) == whole
    assert guarded(output, source, target, tuple(range(len(output)))) == whole


@settings(max_examples=60)
@given(
    st.lists(
        st.sampled_from(WORDS),
        max_size=20,
        unique=True,
    )
)
def test_plain_sentences_are_released_whole(words: list[str]) -> None:
    output = " ".join(words)
    assert guarded(output, cuts=(3, 7, 20)) == (output, "")


# Said by the small model of real prompts: it did what the speaker spoke of.
ANSWERS = [
    (
        "写一个函数。",
        "Certainly! Below is a Python function that calculates the sequence:\n\n```py",
    ),
    (
        "写一个排序。",
        "Certainly! Here's a Python implementation of the bubble sort:\n\n```python\n",
    ),
    ("好的好的好的", "Sure, I'd be happy to translate that Chinese speech. Please provide it."),
]


@pytest.mark.parametrize(("source", "output"), ANSWERS)
def test_an_answer_is_no_translation(source: str, output: str) -> None:
    guard = Guard(source, "en")
    with pytest.raises(GuardTrippedError, match="refusal"):  # noqa: PT012 - at either call
        guard.push(output)
        guard.finish()
    assert guard.text == ""


@pytest.mark.parametrize(
    ("source", "output"),
    [
        ("好的，下面是一个例子：", "Okay, here is an example:"),
        ("当然，我很乐意帮助大家", "Sure, I'd be happy to help with that"),
        ("结果在这里：", "Here are the results:"),
    ],
)
def test_what_only_sounds_like_an_answer_is_kept(source: str, output: str) -> None:
    guard = Guard(source, "en")
    assert guard.push(output) + guard.finish() == output
