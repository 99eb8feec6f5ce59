"""Recognised words with their times, from tokens that may hold parts of characters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

_REPLACEMENT = "�"
_FULL_WIDTH = str.maketrans({",": "，", "?": "？", "!": "！", ";": "；", ":": "：", ".": "。"})


@dataclass(frozen=True, slots=True)
class Word:
    """A piece of text that is whole: a few Chinese characters, or an English word.

    tokens: the recogniser's. end_ms: where it ends, from the session's first sample.
    prob: the least probable of its tokens.
    """

    text: str
    tokens: tuple[int, ...]
    start_ms: int
    end_ms: int
    prob: float


def group(
    tokens: Sequence[int],
    ends_ms: Sequence[int],
    probs: Sequence[float],
    start_ms: int,
    decode: Callable[[Sequence[int]], str],
) -> list[Word]:
    """Tokens as words; tokens at the end that make no whole character are left out.

    A token that begins with a space begins an English word; its followers without one join it.
    """
    words: list[Word] = []
    held: list[int] = []
    first = 0
    begun = start_ms
    for index, token in enumerate(tokens):
        held.append(token)
        text = decode(held)
        if _unfinished(text, len(held)):
            continue
        text = text.replace(_REPLACEMENT, "")
        word = Word(text, tuple(held), begun, ends_ms[index], min(probs[first : index + 1]))
        if len(words) > 1 and _divides(words[-2].text, words[-1].text, text):
            word = _merged(words.pop(-2), _merged(words.pop(), word))
        elif words and _joins(words[-1].text, text):
            word = _merged(words.pop(), word)
        words.append(word)
        held, first, begun = [], index + 1, ends_ms[index]
    return words


def _unfinished(text: str, tokens: int) -> bool:
    """Whether more tokens may complete the last character of `text`.

    One such character follows whole ones; anything else is no UTF-8, and not waited for long.
    """
    return text.endswith(_REPLACEMENT) and (text.count(_REPLACEMENT) == 1 or tokens < 6)


def _merged(before: Word, word: Word) -> Word:
    return Word(
        before.text + word.text,
        before.tokens + word.tokens,
        before.start_ms,
        word.end_ms,
        min(before.prob, word.prob),
    )


def _divides(before: str, mark: str, text: str) -> bool:
    """Whether `mark` stands within a number, as in 3.5, 1,000 and 9:30."""
    digits = before[-1:] + text[:1]
    return mark in (".", ",", ":") and len(digits) == 2 and digits.isdigit() and digits.isascii()


def _joins(before: str, text: str) -> bool:
    """Whether `text` continues the Latin word or number `before`, or is what its space is for."""
    if not text or not before:
        return False
    if before[-1] == " ":
        return text[0] != " "
    if not text[0].isascii() or not before[-1].isascii() or before[-1] in ",.?!;:":
        return False
    return text[0].isalnum() or text[0] in "'%" or (text[0] == "-" and before[-1] != "-")


def join(words: Sequence[Word], language: str) -> str:
    """The words as one text: Chinese without spaces between characters, full-width marks."""
    text = "".join(word.text for word in words)
    if language != "zh":
        return " ".join(text.split())
    out: list[str] = []
    for index, char in enumerate(text):
        before = out[-1] if out else ""
        following = text[index + 1 : index + 2]
        if char == " ":
            if _latin(before) and _latin(following):
                out.append(char)
        elif char in ",?!;:." and not (_latin(before) and _latin(following)):
            out.append(char.translate(_FULL_WIDTH))
        else:
            out.append(char)
    return "".join(out)


def places(words: Sequence[Word], language: str) -> tuple[int, ...]:
    """Where each word begins in `join(words, language)`, and where the text ends; rising."""
    return tuple(len(join(words[:count], language)) for count in range(len(words) + 1))


def _latin(char: str) -> bool:
    return bool(char) and char.isascii() and char.isalnum()
