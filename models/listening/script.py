"""Traditional to simplified Chinese script, for the LLM and for comparing texts."""

from __future__ import annotations

import gc
import re
import warnings
from functools import cache

import zhconv

# zhconv's "zh-hans" leaves 著 alone, which is 着 in simplified script save in these words.
_ZHU = re.compile("(?<![名原论专编合译巨土显卓昭较拙遗新旧])著(?![名作称者述书录文译论])")


@cache
def _loaded() -> None:
    """Load zhconv's tables once; it leaves their file to the collector, which warns."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        zhconv.convert("體", "zh-hans")
        gc.collect()


def simplified(text: str) -> str:
    """`text` in simplified script; words and everything that is not Chinese stay as they are.

    Only characters are exchanged, one for one: regional vocabulary (軟體, 软件) is not translated.
    """
    _loaded()
    converted: str = zhconv.convert(text, "zh-hans")
    return _ZHU.sub("着", converted) if "著" in converted else converted
