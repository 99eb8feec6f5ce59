"""What is said: clauses of words, in carrier sentences and in plain rows."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from models.recall.syllables import Syllable
from training.retriever.lexicon import Lexicon, Word, sounds, toneless

_SLOT = "*"
_CARRIERS_ZH = """
*认为*非常重要|我们今天来谈谈*|这就是*的问题|*和*的关系|关于*我想说几句|他在*工作了十年|*已经开始了
如果没有*就不会有*|大家都知道*|据*介绍|*的研究表明|所以我们需要*|这里有一个*的例子|我觉得*还不错
*在会上提到了*|接下来是*|你听说过*吗|特别是*|从*到*|比如说*|*说他不同意|对于*来说|其中包括*|*的作用很大
我最喜欢的是*|这个叫做*|它和*不一样|在*方面|*以后再说|我们用的是*|*教授说|昨天*来了|主要是因为*
""".split()
_CARRIERS_EN = """
we talked about *|this is called *|I think * is important|the problem of *|* and * are different
according to *|so we need *|let me explain *|have you heard of *|* said that|for example *
it depends on *|we use * every day|the next one is *|because of *|it is not the same as *
* works well|welcome to *
""".strip().replace("\n", "|")
_KINDS_ZH = {"word": 36, "foreign": 26, "term": 12, "person": 9, "organisation": 7, "place": 5}
_ROW = 0.4  # plain rows of words, no carrier
_MOST_SYLLABLES = 18  # a clause; the voices were made for as much
_MIXED = 0.3  # clauses that hold an English word, of voices that speak both
_LONGEST_KEY = 8


@dataclass(frozen=True, slots=True)
class Clause:
    """Words in their order; those of kind `carrier` are no keys of their own."""

    words: tuple[Word, ...]

    @property
    def syllables(self) -> tuple[Syllable, ...]:
        """All of them."""
        return tuple(syllable for word in self.words for syllable in word.syllables)

    @property
    def text(self) -> str:
        """As a person would write it."""
        return "".join(f" {word.text} " if word.english else word.text for word in self.words)


class Author:
    """Writes clauses of one split for one kind of voice.

    languages: ("zh",), ("en",) or both, for a voice that speaks English words in Chinese clauses.
    avoided: sounds (`toneless`) that no clause may hold: the held-out words.
    """

    def __init__(
        self,
        split: str,
        languages: tuple[str, ...],
        seed: int,
        avoided: frozenset[tuple[str, ...]] = frozenset(),
    ) -> None:
        self._lexicon = Lexicon(split, seed)
        self._chance = random.Random(f"clauses-{split}-{'-'.join(languages)}-{seed}")
        self._languages = languages
        self._avoided = avoided

    def clause(self) -> Clause:
        """The next one."""
        while True:
            clause = Clause(tuple(self._words()))
            count = len(clause.syllables)
            if 2 <= count <= _MOST_SYLLABLES and not self._holds_avoided(clause):
                return clause

    def _holds_avoided(self, clause: Clause) -> bool:
        sound = toneless(clause.syllables)
        return bool(self._avoided) and any(span in self._avoided for span in spans(sound))

    def _words(self) -> Iterable[Word]:
        english = self._languages == ("en",)
        if self._chance.random() < _ROW:
            return [self._drawn(english) for _ in range(self._chance.randint(1, 4))]
        carriers = _CARRIERS_EN.split("|") if english else "|".join(_CARRIERS_ZH).split("|")
        parts = self._chance.choice(carriers).split(_SLOT)
        words: list[Word] = []
        for at, part in enumerate(parts):
            if at:
                words.append(self._drawn(english))
            if part.strip():
                words.append(_carrier(part.strip()))
        return words

    def _drawn(self, english: bool) -> Word:
        if english or ("en" in self._languages and self._chance.random() < _MIXED):
            kind = "acronym" if self._chance.random() < 0.12 else "english"
        else:
            kind = self._chance.choices(tuple(_KINDS_ZH), tuple(_KINDS_ZH.values()))[0]
        return self._lexicon.draw(kind)


@cache
def _carrier(text: str) -> Word:
    return Word(text, "carrier", sounds(text))


def spans(sound: tuple[str, ...]) -> Iterable[tuple[str, ...]]:
    """Everything in `sound` that is as long as a key may be."""
    for start in range(len(sound)):
        for stop in range(start + 2, min(len(sound), start + _LONGEST_KEY) + 1):
            yield sound[start:stop]
