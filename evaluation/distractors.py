"""Terms that nobody says, to make a glossary as large as people's are."""

from __future__ import annotations

import random
from collections.abc import Iterator

from pypinyin.phrases_dict import phrases_dict

from models.events import Term

TRANSLITERATION = (
    "阿艾奥巴贝比波布查达德迪多厄法菲福戈格古哈海赫胡基加杰金卡凯科克库拉莱雷里利林卢鲁罗洛马麦曼"
    "梅米莫姆纳内尼诺努帕佩皮普奇切萨塞沙舍什斯苏索塔泰特蒂图托瓦维沃伍希夏辛休亚伊尤扎泽朱尔森顿逊"
)
"""Characters that foreign names are transliterated by."""
_NAME_LENGTHS = (2, 3, 3, 3, 4, 4, 5, 6)
_WORD_LENGTHS = range(2, 7)


def distractors(count: int, said: str, seed: int = 1) -> tuple[Term, ...]:
    """`count` terms, none of which stands in the text `said`: words of pypinyin's phrase dictionary
    (MIT) and made-up foreign names in turn, then names of institutions from parts of both.

    The same for the same seed. Their renderings are `entry 1` and so on.
    """
    rng = random.Random(seed)
    kept: dict[str, None] = {}
    for source in _drawn(rng):
        if len(kept) == count:
            break
        if source not in said:
            kept[source] = None
    return tuple(Term(source, f"entry {number}") for number, source in enumerate(kept, 1))


def _drawn(rng: random.Random) -> Iterator[str]:
    """Without end."""
    words = [word for word in phrases_dict if len(word) in _WORD_LENGTHS]
    rng.shuffle(words)
    for word in words:
        yield word
        yield _name(rng)
    while True:
        yield _name(rng) + rng.choice(words)
        yield _name(rng)


def _name(rng: random.Random) -> str:
    return "".join(rng.choices(TRANSLITERATION, k=rng.choice(_NAME_LENGTHS)))
