"""The words that are spoken and asked for, and which of them are held out."""

from __future__ import annotations

import random
import re
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from faker import Faker

from models.errors import TongchuanError
from models.recall.syllables import Syllable, spoken
from models.recall.units import units
from training.retriever.transliteration import name as transliterated

HELD_OUT = {"valid": 5, "test": 5}
"""Percent of all words."""
_MOST_SYLLABLES = 8
_CHINESE = re.compile(r"[一-鿿]{2,6}")
_LATIN = re.compile(r"[A-Za-z]{3,12}")
_TAGS = {"place": ("ns",), "organisation": ("nt",), "person": ("nr", "nrt", "nrfg")}
_TAGS |= {"word": ("n", "v", "a", "vn", "nz", "i", "l", "j", "an", "b", "d")}
_LEAST_FREQUENCY = 3
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class LexiconError(TongchuanError):
    """A package whose words are needed is not installed. Names it."""


@dataclass(frozen=True, slots=True)
class Word:
    """text: as it is written. kind: see `Lexicon`. syllables: how it sounds by `models.recall`.
    spelt: an acronym, said letter by letter."""

    text: str
    kind: str
    syllables: tuple[Syllable, ...]
    spelt: bool = False

    @property
    def english(self) -> bool:
        """Whether an English voice has to say it."""
        return self.text.isascii()


def sounds(text: str, *, spelt: bool = False) -> tuple[Syllable, ...]:
    """The syllables of `text`; sentence ends are left out."""
    return tuple(one.syllable for one in spoken(units(text), spelt=spelt) if one.syllable)


def toneless(syllables: Iterable[Syllable]) -> tuple[str, ...]:
    """What words are compared by: two that differ in tones only are in the same split."""
    return tuple(f"{one.initial}.{one.final}" for one in syllables)


def split_of(syllables: Iterable[Syllable]) -> str:
    """train, valid or test, by the sound alone."""
    percent = zlib.crc32("-".join(toneless(syllables)).encode()) % 100
    edge = 100
    for split, share in HELD_OUT.items():
        edge -= share
        if percent >= edge:
            return split
    return "train"


class Lexicon:
    """Draws words of one split.

    Kinds: `word`, `place`, `person`, `organisation` from jieba's dictionary and Faker's lists;
    `foreign`, transliterated names; `term`, two nouns in one; `english`, Faker's names and words;
    `acronym`. The same seed draws the same words.
    """

    def __init__(self, split: str, seed: int) -> None:
        self._split = split
        self._chance = random.Random(f"{split}-{seed}")
        self._faker_zh, self._faker_en = Faker("zh_CN"), Faker("en_US")
        for at, faker in enumerate((self._faker_zh, self._faker_en)):
            faker.seed_instance(zlib.crc32(f"{split}-{seed}-{at}".encode()))
        self._listed = _listed(split)
        self._draws: dict[str, Callable[[], str]] = {
            "foreign": lambda: transliterated(self._chance),
            "term": self._term,
            "person": self._person,
            "organisation": self._organisation,
            "english": self._english,
            "acronym": lambda: "".join(
                self._chance.choices(_LETTERS, k=self._chance.randint(2, 4))
            ),
        }

    def draw(self, kind: str) -> Word:
        """A word of `kind` whose sound is of this split, of two to eight syllables."""
        while True:
            text = self._text(kind)
            spelt = kind == "acronym"
            syllables = sounds(text, spelt=spelt)
            known = all(one.initial or one.final for one in syllables)
            fits = known and 2 <= len(syllables) <= _MOST_SYLLABLES
            if fits and split_of(syllables) == self._split:
                return Word(text, kind, syllables, spelt)

    def _text(self, kind: str) -> str:
        draw = self._draws.get(kind)
        return draw() if draw else self._chance.choice(self._listed[kind])

    def _term(self) -> str:
        return self._chance.choice(self._listed["word"]) + self._chance.choice(self._listed["word"])

    def _person(self) -> str:
        listed = self._listed["person"]
        return self._chance.choice(listed) if self._chance.random() < 0.3 else self._faker_zh.name()

    def _organisation(self) -> str:
        if self._chance.random() < 0.5:
            return self._chance.choice(self._listed["organisation"])
        return str(self._faker_zh.company_prefix()) + self._chance.choice(
            ("公司", "集团", "科技", "银行", "大学", "研究所", "基金会", "实验室", "出版社")
        )

    def _english(self) -> str:
        en = self._faker_en
        draws = (
            en.first_name,
            en.last_name,
            en.city,
            en.catch_phrase,
            en.bs,
            en.job,
            en.color_name,
        )
        found = _LATIN.findall(self._chance.choice(draws)())
        if not found:
            return ""
        start = self._chance.randrange(len(found))
        return " ".join(found[start : start + self._chance.randint(1, 2)])


@cache  # a few seconds a split
def _listed(split: str) -> dict[str, list[str]]:
    """Words of jieba's dictionary by kind, those of other splits left out, in its order."""
    listed: dict[str, list[str]] = {kind: [] for kind in _TAGS}
    kinds = {tag: kind for kind, tags in _TAGS.items() for tag in tags}
    for line in _dictionary().read_text(encoding="utf-8").splitlines():
        text, frequency, tag = line.split(" ")
        kind = kinds.get(tag)
        if kind and int(frequency) >= _LEAST_FREQUENCY and _CHINESE.fullmatch(text):
            listed[kind].append(text)
    return {
        kind: [text for text in texts if split_of(sounds(text)) == split]
        for kind, texts in listed.items()
    }


def _dictionary() -> Path:
    spec = find_spec("jieba")  # not imported: it would load its segmenter
    if spec is None or spec.origin is None:
        raise LexiconError("jieba is not installed; its dictionary is the word list: see README.md")
    return Path(spec.origin).parent / "dict.txt"
