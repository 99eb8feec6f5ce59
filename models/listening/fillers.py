"""Hesitations and filled pauses, which an interpreter leaves out.

Two kinds: sounds that are never part of a word (嗯, um) go wherever they stand; words that are
fillers only on their own (那个, 就是说, you know) go when they make up a whole clause, that is
everything between two marks of punctuation. 那个人 and 对啊 stay as they are.

A recogniser often writes 呃 as 恶, which sounds the same; a small LLM then speaks of evil. 恶 that
is no part of a word is therefore a sound, too.
"""

from __future__ import annotations

import re
from functools import cache

from pypinyin.constants import PHRASES_DICT

_WEAK = "，、,;；:：—"
_STRONG = "。！？!?….．"
_CLAUSE = re.compile(rf"([^{_WEAK}{_STRONG}]*)([{_WEAK}{_STRONG}\s]*)")
_DECIMAL = re.compile(r"(?<=\d)([.,:])(?=\d)")  # 3.5 and 1,000 are one clause
_KEPT_MARK = {".": "\ue000", ",": "\ue001", ":": "\ue002"}  # private use: in no text

_SOUNDS_ZH = re.compile("[嗯呃唔]+(?!逆)")  # 呃逆 is hiccups
_SOUNDS_EN = re.compile(
    r"(?<![\w'-])(?:u+h*m+|u+h+|e+r+m*|h+m+|m{2,}|a+h+m+)(?![\w'-])", re.IGNORECASE
)
_MISHEARD = "恶"
_NOUN_BEFORE, _NOUN_AFTER = "与和或之性的最是为", "与和或是"  # 人性的恶, 恶是什么
_CAPITALS = re.compile(r"[A-Z]{2,}")  # ER: an abbreviation, unless all the text is in capitals

_WORDS_ZH = (
    "[啊阿哦噢喔诶欸哎唉额哈呵嘿哼呐呢嘛吧]|那个|这个|就是说|怎么说呢?|怎么讲呢?|你知道|那什么"
)
_WORDS_EN = "you know|i mean|oh|ah|aha|eh|ooh|huh|uh-huh|mm-hmm|sort of|kind of"
_ALONE = re.compile(rf"(?:{_WORDS_ZH})+|(?:(?:{_WORDS_EN})\s*)+", re.IGNORECASE)
_JOINING_ZH = "就是|然后|那么|那|就|所以说"  # fillers as a whole utterance; else they join clauses
_SPELLED_ZH = r"\bn[ae]i? ?ge?\b"  # 那个 as Whisper spells it when it is all there is: nag nag
_JOINING_EN = "like|so|well|and|but|or"
_ONLY = {
    "zh": re.compile(rf"(?:(?:{_WORDS_ZH}|{_JOINING_ZH}|{_SPELLED_ZH})\s*)+"),
    "en": re.compile(rf"(?:(?:{_WORDS_EN}|{_JOINING_EN})\b\s*)+", re.IGNORECASE),
}


def strip_fillers(text: str) -> str:
    """`text` without fillers and the punctuation that set them off; "" if nothing is left."""
    if not text.strip():
        return ""
    shouting = text.upper() == text and len(text.split()) > 1
    guarded = _DECIMAL.sub(lambda mark: _KEPT_MARK[mark[1]], text)
    out = ""
    for clause, marks in _CLAUSE.findall(guarded):
        words = _without_sounds(clause, shouting=shouting)
        if words.strip() and not _alone(words):
            out += words + marks
        elif clause or not out:
            out = _ended(out, marks)  # a filler goes with its marks, but a sentence still ends
        else:
            out += marks
    if len(out) < len(guarded):  # the space around what went
        out = re.sub(r" +(?=[,.;:!?])", "", re.sub(r" {2,}", " ", out))
    for mark, kept in _KEPT_MARK.items():
        out = out.replace(kept, mark)
    return out.strip().lstrip(_WEAK).lstrip()


def is_filler_only(text: str, language: str) -> bool:
    """Whether `text` says nothing that needs a translation. language: "zh", "en" or "auto".

    True for text without a letter or digit as well.
    """
    left = re.sub(r"[^\w\s]", " ", strip_fillers(text)).strip()
    patterns = [_ONLY[language]] if language in _ONLY else list(_ONLY.values())
    return not left or any(pattern.fullmatch(left) for pattern in patterns)


def _without_sounds(clause: str, *, shouting: bool) -> str:
    """`clause` without hesitation sounds and the space they leave."""
    words = _SOUNDS_ZH.sub("", _without_misheard(clause))

    def replaced(sound: re.Match[str]) -> str:
        return sound[0] if _CAPITALS.fullmatch(sound[0]) and not shouting else ""

    words = _SOUNDS_EN.sub(replaced, words)
    return clause if words == clause else re.sub(r"\s{2,}", " ", words)


def _without_misheard(clause: str) -> str:
    """`clause` without each 恶 that belongs to no word."""
    if _MISHEARD not in clause or "善" in clause:  # good and evil
        return clause
    kept = set[int]()
    for word in _words_with_misheard():
        at = clause.find(word)
        while at >= 0:
            kept.update(range(at, at + len(word)))
            at = clause.find(word, at + 1)
    last = len(clause) - 1
    return "".join(
        char
        for at, char in enumerate(clause)
        if char != _MISHEARD
        or at in kept
        or (at and clause[at - 1] in _NOUN_BEFORE and (at == last or clause[at + 1] in _NOUN_AFTER))
    )


@cache
def _words_with_misheard() -> tuple[str, ...]:
    return tuple(word for word in PHRASES_DICT if _MISHEARD in word)


def _alone(words: str) -> bool:
    """Whether these words are fillers when they make up a clause."""
    bare = words.strip().strip("\"'“”‘’()（）")
    return bool(_ALONE.fullmatch(bare) or _ALONE.fullmatch(re.sub(r"\s+", "", bare)))


def _ended(kept: str, marks: str) -> str:
    """`kept` with its last weak mark made strong, where the filler dropped ended a sentence."""
    strong = next((mark for mark in marks if mark in _STRONG), None)
    body = kept.rstrip()
    if strong is None or not body or body[-1] not in _WEAK:
        return kept
    return body[:-1] + strong + (" " if marks[-1:].isspace() else "")
