"""Hesitations and filled pauses, which an interpreter leaves out.

Two kinds: sounds that are never part of a word (嗯, um) go wherever they stand; words that are
fillers only on their own (那个, 就是说, you know) go when they make up a whole clause, that is
everything between two marks of punctuation. 那个人 and 对啊 stay as they are.

Laughter (哈哈哈) goes, and a character said three times or more in one breath (对对对对, 我我我) is
said once: a small LLM repeats it at length. Digits may stand in a row.

A recogniser often writes 呃 as a character that sounds the same (恶, 饿, 额, 噩); a small LLM then
speaks of evil and of hunger. Such a character that is no part of a word and does not stand as its
own meaning would is therefore a sound, too.
"""

from __future__ import annotations

import re
from collections.abc import Callable
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
_LAUGHTER = re.compile("[哈呵嘿嘻]{3,}")
_STUTTER = re.compile(r"(?![零〇一二三四五六七八九十两百千万亿])([\u4e00-\u9fff])\1{2,}")
_MISHEARD_RUN = re.compile(r"([恶饿额噩])\1*")
# What stands before or after such a character where it means itself: 人性的恶, 恶是什么, 我饿,
# 饿了, 额外, 噩梦; and before a sound that could be an amount: 有额那个, but 销售额.
_EVIL_BEFORE, _EVIL_AFTER = tuple("与和或之性的最是为"), ("", *"与和或是")
_HUNGRY_BEFORE, _HUNGRY_AFTER = (
    tuple("很好太真不又没我你他她们子人觉"),
    tuple("了得着死坏晕肚吗的过"),
)
_SOUND_BEFORE = ("", *"的是有在我们你他她它这那个么就也都和跟为来说呢啊吧到把被给会要能以太")
_AMOUNT_AFTER, _NIGHTMARE_AFTER = tuple("外头度定角手"), tuple("梦耗运兆")
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
    words = _STUTTER.sub(r"\1", _LAUGHTER.sub("", words))

    def replaced(sound: re.Match[str]) -> str:
        return sound[0] if _CAPITALS.fullmatch(sound[0]) and not shouting else ""

    words = _SOUNDS_EN.sub(replaced, words)
    return clause if words == clause else re.sub(r"\s{2,}", " ", words)


def _without_misheard(clause: str) -> str:
    """`clause` without characters that were written for a sound."""
    if _MISHEARD_RUN.search(clause) is None:
        return clause
    in_words = set[int]()
    for word in _words_with_misheard():
        at = clause.find(word)
        while at >= 0:
            in_words.update(range(at, at + len(word)))
            at = clause.find(word, at + 1)

    def replaced(run: re.Match[str]) -> str:
        if not in_words.isdisjoint(range(run.start(), run.end())):
            return run[0]
        before, after = clause[: run.start()], clause[run.end() :]
        return run[0] if len(run[0]) == 1 and _MEANS[run[1]](before, after) else ""

    return _MISHEARD_RUN.sub(replaced, clause)


def _evil(before: str, after: str) -> bool:
    if "善" in before + after:
        return True
    return before[-1:] in _EVIL_BEFORE and after[:1] in _EVIL_AFTER


def _hungry(before: str, after: str) -> bool:
    return after[:1] in _HUNGRY_AFTER or (before[-1:] in _HUNGRY_BEFORE and not after)


def _amount(before: str, after: str) -> bool:
    return after[:1] in _AMOUNT_AFTER or before[-1:] not in _SOUND_BEFORE


def _nightmare(_before: str, after: str) -> bool:
    return after[:1] in _NIGHTMARE_AFTER


_MEANS: dict[str, Callable[[str, str], bool]] = {
    "恶": _evil,
    "饿": _hungry,
    "额": _amount,
    "噩": _nightmare,
}
"""Whether a character means itself between what stands before and after it in the clause."""


@cache
def _words_with_misheard() -> tuple[str, ...]:
    return tuple(word for word in PHRASES_DICT if _MISHEARD_RUN.search(word))


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
