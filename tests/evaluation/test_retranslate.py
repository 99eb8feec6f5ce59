"""Saved chunks, translated again by a scripted LLM."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from rich.console import Console

from evaluation.encoded import Ears
from evaluation.recordings import Segment
from evaluation.retranslate import compared, retold
from evaluation.systems import systems
from evaluation.tens import cases, tens
from models.config import ModelsConfig
from models.engines.llm import Conversation
from models.events import Term as Entry
from models.recall.index import TermIndex
from models.recall.phones import Phones, phones
from tests.evaluation.sessions import delta, final, log, recording
from tests.models.fakes_engines import FakeLLM
from tongchuan.events import ChunkFinal, Term

MAGUIRE = Term("马奎尔", "Maguire")
ENTRY = Entry("马奎尔", "Maguire")
BASE = recording((0.0, 2.0, "马奎尔上来了", "Maguire comes up"), (2.0, 4.0, "很好", "Very good"))
TALK = replace(
    BASE,
    segments=(
        Segment(0.0, 2.0, "马奎尔上来了", "Maguire comes up", (MAGUIRE,)),
        Segment(2.0, 4.0, "很好", "Very good"),
    ),
)
LOG = log(
    (1.0, delta(1, "old")),
    (1.5, final(1, "马亏尔上来了", "old", 1900)),
    (3.0, delta(2, "words")),
    (3.5, final(2, "很好", "words", 3900)),
)


WORDS = [f"{one}{two}{three}" for one in "天地" for two in "玄黄宇" for three in "洪荒日月"]


def answer(conversation: Conversation) -> str:
    """Copies what is in Latin script."""
    if "很好" in conversation.user:
        return "Very good"
    return "Maguire comes up" if "Maguire" in conversation.user else "Ma Kui comes up"


def copying(conversation: Conversation) -> str:
    """For texts that run on."""
    return "Maguire comes up" if "Maguire" in conversation.user else "Ma Kui comes up"


async def test_a_glossary_brings_the_term_and_leaves_the_rest_alone() -> None:
    console = Console(file=io.StringIO())
    (system,) = systems([], ModelsConfig())
    plain = await retold(system, FakeLLM(answer=answer), [(TALK, LOG)], None, console)
    index = TermIndex([ENTRY])
    helped = await retold(system, FakeLLM(answer=answer), [(TALK, LOG)], index, console)
    assert (plain.terms.recall, helped.terms.recall) == (0, 1)
    assert (plain.used, helped.used) == (0, 1)
    assert helped.terms.precision == 1
    assert helped.chrf == 100
    assert plain.chrf is not None
    assert plain.chrf < 100
    assert helped.bleu_bare == plain.bleu_bare
    assert compared(helped, plain)["chrf"].difference == 0
    worse = replace(plain, bare=(("Nothing", "Very good"),))
    assert compared(worse, plain)["chrf"].difference < 0


class Ear:
    """Hears the name where the states are ones, and nothing else."""

    def score(self, states: NDArray[np.float32], keys: Sequence[Phones]) -> NDArray[np.float32]:
        name = phones(ENTRY.source)
        return np.array([states.mean() if key == name else 0.0 for key in keys], np.float32)


@pytest.mark.parametrize("said", [0, 1])
async def test_what_the_audio_says_counts(said: int) -> None:
    console = Console(file=io.StringIO())
    (system,) = systems([], ModelsConfig())
    others = TermIndex([ENTRY, *(Entry(word, f"wrong {word}") for word in WORDS)])
    misheard = log((1.0, delta(1, "old")), (1.5, final(1, "马毁尔上来了", "old", 1900)))
    ears = Ears(Ear(), {TALK.id: [np.full((100, 8), said, np.float32)]})
    pairs = [(TALK, misheard)]
    found = await retold(system, FakeLLM(answer=copying), pairs, others, console, listening=ears)
    assert found.used == said


async def test_a_term_that_nobody_annotated_is_a_false_alarm_too() -> None:
    console = Console(file=io.StringIO())
    (system,) = systems([], ModelsConfig())
    wrong = TermIndex([ENTRY, Entry("上来", "entry 7"), Entry("下去", "entry 71")])

    def told(conversation: Conversation) -> str:
        return "Maguire entry 7" if "entry 7" in conversation.user else answer(conversation)

    found = await retold(system, FakeLLM(answer=told), [(TALK, LOG)], wrong, console)
    assert (found.terms.hits, found.terms.false_alarms) == (1, 1)


async def test_one_gold_among_nine_and_ten_that_are_not_said() -> None:
    others = TermIndex(
        [Entry(f"马葵{char}", f"wrong {char}") for char in "甲乙丙丁戊己庚辛壬癸子丑"]
    )
    (case,) = cases(TALK, LOG, others)
    assert case.heard[0] == "马亏尔上来了"
    assert case.chunks[0] == 0
    assert len(case.negatives) == 10
    assert ENTRY not in case.negatives
    found = await tens(ModelsConfig(), FakeLLM(answer=copying), [case])
    assert (found.cases, found.without, found.gold) == (1, 0, 1)
    assert (found.false_gold, found.false_alone) == (0, 0)
    finals = [item.event for item in LOG.received if isinstance(item.event, ChunkFinal)]
    assert [one.source for one in finals] == ["马亏尔上来了", "很好"]
