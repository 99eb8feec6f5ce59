"""Foreign names in Chinese characters, invented by rule.

Transliteration has few characters, each at home at some place of a name: 斯, 克 and 尔 end it, 阿
and 马 begin it. Names made of them sound like those of a glossary without being anybody's.
"""

from __future__ import annotations

import random

_FIRST = (
    "阿埃艾安奥巴班贝本比宾波伯博布查达戴丹德登迪蒂丁杜多法范菲费芬弗福富盖戈格根古圭哈海汉赫亨霍基吉加"
    "贾杰金卡凯坎康考科克肯库夸奎拉莱兰朗劳勒雷伦里利林卢鲁罗洛马麦曼梅门米莫穆纳内尼努诺欧帕潘佩彭皮"
    "普奇齐乔琼丘瑞萨塞桑森沙舒斯松苏索塔泰坦汤特托瓦万威韦维温沃乌伍西希夏谢辛休雅亚扬耶伊因尤约泽扎詹朱佐"
)
_INNER = (
    "阿埃巴贝比宾波伯布查达丹德登迪蒂丁多恩尔法菲费弗福戈格根哈赫基吉加杰金卡凯科克肯库拉莱兰朗劳勒雷"
    "伦里利林卢鲁罗洛马曼梅米姆穆纳内尼宁诺帕佩皮普奇乔萨塞桑森沙什施斯松苏索塔泰坦特提廷图托瓦威维温沃"
    "西希夏辛亚伊因尤扎佐茨兹奎圭"
)
_LAST: tuple[str, ...] = (
    *"尔斯克德特顿森曼利里姆夫娜拉亚诺托兹恩勒罗林基金格茨尼莎蒂达巴卡塔马丝雷",
    *"德斯 尔德 尔特 斯特 斯基 维奇 尔森 克斯 特里 莱斯 马尔 兰德 贝格 利亚".split(),
)
_JOINED = 0.3  # given name and surname, said in one


def name(chance: random.Random) -> str:
    """A name of two to eight characters; the point between its parts is left out, as in speech."""
    if chance.random() < _JOINED:
        return _part(chance, 2, 3) + _part(chance, 2, 4)
    return _part(chance, 2, 5)


def _part(chance: random.Random, least: int, most: int) -> str:
    last = chance.choice(_LAST)
    inner = max(0, chance.randint(least, most) - 1 - len(last))
    return chance.choice(_FIRST) + "".join(chance.choices(_INNER, k=inner)) + last
