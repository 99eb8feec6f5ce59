"""Error rates, on worked examples; the fast distance equals the slow one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.characters import ErrorRate, digits, edit_distance, error_rate, units


def slow_distance(left: str, right: str) -> int:
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        previous, row[0] = row[0], i
        for j, b in enumerate(right, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (a != b))
    return row[-1]


@given(st.text("abc", max_size=70), st.text("abc", max_size=70))
def test_the_distance_is_levenshteins(left: str, right: str) -> None:
    assert edit_distance(left, right) == slow_distance(left, right)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("两万七千度", "27000度"),
        ("2.7万", "27000"),
        ("27,000", "27000"),
        ("一百二十三万人", "1230000人"),
        ("123万人", "1230000人"),
        ("一九四五年", "1945年"),
        ("五千六百四十二米", "5642米"),
        ("四年零七个月", "4年07个月"),
        ("十一度", "11度"),
        ("二十", "20"),
        ("百分之十五", "百分之15"),
        ("15%", "百分之15"),
        ("三亿零五万", "300050000"),
        ("两百万亿", "200000000000000"),
        ("百万富翁", "百万富翁"),
        ("万一", "10001"),  # both sides alike: nothing is lost by it
        ("没有数", "没有数"),
    ],
)
def test_numerals_become_digits(text: str, written: str) -> None:
    assert digits(text) == written


def test_marks_script_width_and_case_do_not_count() -> None:
    assert error_rate("我說：「ＡＢＣ，好！」", "我说abc好", "zh") == ErrorRate(0, 6)


def test_a_worked_example() -> None:
    """One wrong, one missing, one too many of ten."""
    rate = error_rate("今天天气真的非常好啊", "今天添气真非常好啊吗", "zh")
    assert rate == ErrorRate(3, 10)
    assert rate.rate == 0.3
    assert (rate + ErrorRate(0, 10)).rate == 0.15


def test_numerals_as_written_count_when_plain() -> None:
    assert error_rate("三十五块", "35块", "zh").edits == 0
    assert error_rate("三十五块", "35块", "zh", plain=True) == ErrorRate(3, 4)


def test_english_is_counted_in_words() -> None:
    assert units("It’s 1,000 well-known words.", "en") == ["it's", "1000", "well", "known", "words"]
    assert error_rate("one two three", "one too three four", "en") == ErrorRate(2, 3)


def test_no_reference_has_no_rate() -> None:
    assert error_rate("。", "好", "zh").rate is None


@given(st.text(max_size=60))
def test_any_text_can_be_counted(text: str) -> None:
    assert error_rate(text, text, "zh").edits == 0
    assert error_rate(text, text, "en").edits == 0
