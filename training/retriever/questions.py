"""What the scorer is asked about a window: keys that are spoken in it and keys that are not."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from training.retriever.homophones import KINDS, Key, changed, heard_in

_SPOKEN = 0.25
"""Of all keys. The scorer's probabilities hold for this share."""
_NEAR = 0.6
"""Of those that are not spoken."""
_TONELESS = 0.12
_SHORTEST, _LONGEST = 2, 8


@dataclass(frozen=True, slots=True)
class Said:
    """A clause: its words' syllables, and which of the words are keys of their own."""

    words: tuple[Key, ...]
    is_key: tuple[bool, ...]

    @property
    def syllables(self) -> Key:
        """All of them."""
        return tuple(syllable for word in self.words for syllable in word)


@dataclass(frozen=True, slots=True)
class Question:
    """spoken: the label. kind: `word` or `span` when it is spoken, else `other` or one of
    `homophones.KINDS`. wrong: the syllables that were not said."""

    key: Key
    spoken: bool
    kind: str
    wrong: frozenset[int]


def questions(
    heard: Sequence[Said],
    nearby: Sequence[Said],
    pool: Sequence[Key],
    count: int,
    chance: random.Random,
    *,
    words_only: bool = False,
    hard: bool = True,
) -> list[Question]:
    """`count` of them about a window in which `heard` is spoken.

    nearby: all clauses of the utterance, of which parts may be in the window: nothing in them is
    asked for as if it were not spoken. pool: words for keys that are not spoken.
    words_only: keys are words, as in measuring; else parts and neighbours of words, too.
    hard: whether near-homophones are among them.
    """
    said = [clause.syllables for clause in nearby]
    asked = [_spoken(heard, chance, words_only=words_only) for _ in range(round(count * _SPOKEN))]
    sources = [question.key for question in asked]
    near = round((count - len(asked)) * _NEAR) if hard else 0
    for turn in range(count - len(asked)):
        is_near = turn < near
        asked.append(_not_spoken(sources, pool, said, chance, near=is_near))
    return [_sometimes_toneless(question, chance) for question in asked]


def _spoken(heard: Sequence[Said], chance: random.Random, *, words_only: bool) -> Question:
    clauses = [clause for clause in heard if any(clause.is_key)]
    if words_only or (clauses and chance.random() < 0.5):
        clause = chance.choice(clauses)
        words = [word for word, good in zip(clause.words, clause.is_key, strict=True) if good]
        key = chance.choice(words)
        return Question(key, True, "word", frozenset())
    syllables = chance.choice(heard).syllables
    length = min(len(syllables), chance.randint(_SHORTEST, _LONGEST))
    start = chance.randint(0, len(syllables) - length)
    return Question(syllables[start : start + length], True, "span", frozenset())


def _not_spoken(
    sources: Sequence[Key],
    pool: Sequence[Key],
    said: Sequence[Key],
    chance: random.Random,
    *,
    near: bool,
) -> Question:
    while True:
        if near:
            change = changed(
                chance.choice(sources), chance.choice(KINDS), chance.choice(pool), chance
            )
            if change is None:
                continue
            key, kind, wrong = change.key, change.kind, change.wrong
        else:
            key, kind = chance.choice(pool), "other"
            wrong = frozenset(range(len(key)))
        if not heard_in(key, said):
            return Question(key, False, kind, wrong)


def _sometimes_toneless(question: Question, chance: random.Random) -> Question:
    """A Latin glossary's keys have no tones, whatever was spoken."""
    if question.kind == "tone" or chance.random() >= _TONELESS:
        return question
    return replace(question, key=tuple(one._replace(tone=0) for one in question.key))
