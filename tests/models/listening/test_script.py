from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.listening.script import simplified


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("後來發現臺灣的軟體", "后来发现台湾的软体"),
        ("皇后在後面", "皇后在后面"),
        ("乾隆皇帝喝乾杯", "乾隆皇帝喝干杯"),
        ("他髮型很帥，頭髮發亮", "他发型很帅，头发发亮"),
        ("他看著我，穿著西裝睡著了，很著急", "他看着我，穿着西装睡着了，很着急"),
        ("著名的著作，顯著的土著，名著", "著名的著作，显著的土著，名著"),
        ("这是简体字，不变。", "这是简体字，不变。"),
        ("Hello, GPU 3.5！", "Hello, GPU 3.5！"),
        ("", ""),
    ],
)
def test_traditional_becomes_simplified(text: str, expected: str) -> None:
    assert simplified(text) == expected


@given(st.text(max_size=60))
def test_characters_are_exchanged_one_for_one(text: str) -> None:
    assert len(simplified(text)) == len(text)


@given(st.text(alphabet=st.characters(max_codepoint=0x2FFF), max_size=60))
def test_what_is_not_chinese_stays(text: str) -> None:
    assert simplified(text) == text


def test_the_first_use_warns_of_nothing() -> None:
    code = "from models.listening.script import simplified; assert simplified('體') == '体'"
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, timeout=60
    )
    assert (run.returncode, run.stderr) == (0, "")
