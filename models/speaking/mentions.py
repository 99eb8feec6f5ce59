"""Names as they stand in a text: capitalised words of Latin script, and pairs in two scripts."""

from __future__ import annotations

import re
from dataclasses import dataclass

_MOST_WORDS = 4
_MOST_CHARS = 40
_MOST_MENTIONS = 8

_WORD = r"[A-ZÀ-ÖØ-ÞĀ-Ž][\w'’-]*"
_GROUP = re.compile(rf"{_WORD}(?: (?:(?:de|da|di|van|von|der|of) )?{_WORD})*")
_LOWER = re.compile(r"(?<![\w'’-])[a-zà-öø-ÿ][\w'’-]*")
_OPENS = re.compile(r"(?:^|[.!?:;\n])[\s\"“'‘(]*$")
_POSSESSIVE = re.compile(r"['’]s?$")
_NO_NAME = re.compile(r"(?:I|A|O|OK|Okay|Mrs?|Ms|Dr|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day)\b")

_CHINESE = r"[㐀-䶿一-鿿·•]{2,16}"
_CHAR = r"[A-Za-zÀ-ÖØ-öø-ž0-9.'’&-]"
_LATIN = rf"[A-Za-zÀ-ÖØ-öø-ž]{_CHAR}*(?: {_CHAR}+){{0,3}}"
_IS = r"\s*[=＝]\s*"
_END = r"(?=\s*(?:$|[^\sA-Za-zÀ-ÖØ-öø-ž0-9=＝(（]))"
_PAIRS = re.compile(
    rf"(?P<zh>{_CHINESE})\s*[(（]\s*(?P<en>{_LATIN})\s*[)）]"
    rf"|(?P<en2>{_LATIN})\s*[(（]\s*(?P<zh2>{_CHINESE})\s*[)）]"
    rf"|(?P<is>(?P<zh3>{_CHINESE}){_IS}(?P<en3>{_LATIN}){_END})"
    rf"|(?P<is2>(?P<en4>{_LATIN}){_IS}(?P<zh4>{_CHINESE}))"
)
_MOST_CONTEXT = 4000


@dataclass(frozen=True, slots=True)
class Mention:
    """A group of up to 4 capitalised words. opens: it begins a sentence, so that its first word
    may be an ordinary one."""

    words: tuple[str, ...]
    opens: bool

    @property
    def text(self) -> str:
        """The words as written."""
        return " ".join(self.words)


@dataclass(frozen=True, slots=True)
class WrittenPair:
    """A name as a person wrote it in both scripts. equated: by `=`; in brackets anything may
    stand, and what is before a bracket may be more than the name: 后卫马奎尔 (Maguire)."""

    chinese: str
    latin: str
    equated: bool


def mentions(text: str) -> tuple[Mention, ...]:
    """The first 8 of `text` that are not days, titles or longer than a name, in order."""
    found: list[Mention] = []
    for match in _GROUP.finditer(text):
        words = tuple(_POSSESSIVE.sub("", word) for word in match[0].split(" "))
        opens = bool(_OPENS.search(text[: match.start()]))
        while words and _NO_NAME.match(words[0]):
            words, opens = words[1:], False
        if 1 <= len(words) <= _MOST_WORDS and 1 < len(match[0]) <= _MOST_CHARS:
            found.append(Mention(words, opens))
    return tuple(found[:_MOST_MENTIONS])


def lower_words(text: str) -> set[str]:
    """The words of `text` that are written without a capital: no names."""
    return {word for word in _LOWER.findall(text) if len(word) <= _MOST_CHARS}


def written_pairs(context: str) -> tuple[WrittenPair, ...]:
    """Of the first 4,000 characters: 马奎尔 (Maguire), Maguire（马奎尔）, 马奎尔 = Maguire."""
    found: list[WrittenPair] = []
    for match in _PAIRS.finditer(context[:_MOST_CONTEXT]):
        groups = {name: text for name, text in match.groupdict().items() if text}
        equated = any(name.startswith("is") for name in groups)
        chinese = next(text for name, text in groups.items() if name.startswith("zh"))
        latin = next(text for name, text in groups.items() if name.startswith("en"))
        found.append(WrittenPair(chinese.strip("·•"), latin.rstrip(".'’-"), equated))
    return tuple(found)
