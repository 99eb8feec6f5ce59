"""What the judge says of one system's rendering of one fragment."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from string import ascii_uppercase
from typing import Any

from evaluation.vip.answers import Answer, Ask, answered, objects
from evaluation.vip.fragments import Fragment
from evaluation.vip.prompts import VERDICT, Message, digest
from evaluation.vip.spoken import Spoken

SILENT = "nothing was shown"


@dataclass(frozen=True, slots=True)
class Checks:
    """The three assessments of appendix A.2: whether the key information is there, whether it is
    right, and whether it is said well."""

    key_information: bool
    correct: bool
    expressive: bool


CHECKS = tuple(field.name for field in fields(Checks))


@dataclass(frozen=True, slots=True)
class Question:
    """A fragment and a rendering, as the judge is asked of them: without any name.

    label: A, B, C … of the fragment's different renderings, in the order in which they are asked.
    systems: whose it is; several may have shown the same.
    """

    fragment: Fragment
    output: Spoken
    label: str
    systems: tuple[str, ...]

    def conversation(self) -> tuple[Message, ...]:
        """What is sent."""
        return VERDICT.about(_fields(self.fragment, self.output))


@dataclass(frozen=True, slots=True)
class Verdict:
    """Of one system and one fragment. segment, fragment: numbers from 1.

    checks: None when unjudged; note says why, or why nothing was asked. prompt: SHA-256 of the
    conversation; answers: all that the judge said, as it came.
    """

    recording: str
    segment: int
    fragment: int
    system: str
    label: str
    checks: Checks | None
    note: str
    source: str
    reference: str
    output: str
    prompt: str
    answers: tuple[str, ...]

    @property
    def valid(self) -> bool | None:
        """Whether the fragment is conveyed; None when unjudged."""
        if self.checks is None:
            return None
        return self.checks.key_information and self.checks.correct and self.checks.expressive

    def as_json(self) -> dict[str, Any]:
        """For the file."""
        return {"kind": "verdict", **asdict(self), "valid": self.valid}


def questions(
    fragment: Fragment, outputs: Mapping[str, Spoken], draw: random.Random
) -> list[Question]:
    """One for each different rendering, shuffled. outputs: by system."""
    same: dict[str, list[str]] = {}
    for system in sorted(outputs):
        text = json.dumps(_fields(fragment, outputs[system]), ensure_ascii=False)
        same.setdefault(text, []).append(system)
    groups = list(same.values())
    draw.shuffle(groups)
    return [
        Question(fragment, outputs[group[0]], label, tuple(group))
        for label, group in zip(_labels(), groups, strict=False)
    ]


async def verdicts(question: Question, number: int, ask: Ask) -> list[Verdict]:
    """The judge's, for each system whose rendering this is. number: the fragment's.

    Raises JudgeError when the judge is not there.
    """
    conversation = question.conversation()
    if question.output.silent:
        answer = Answer(Checks(False, False, False), (), SILENT)
    else:
        answer = await answered(conversation, ask, parse)
    return [
        Verdict(
            question.output.recording,
            question.output.number,
            number,
            system,
            question.label,
            answer.value,
            answer.note,
            question.fragment.source,
            question.fragment.reference,
            question.output.output,
            digest(json.dumps(conversation, ensure_ascii=False)),
            answer.raw,
        )
        for system in question.systems
    ]


def parse(answer: str) -> Checks | None:
    """The one verdict in it; None without one, or with two that differ."""
    found = {
        Checks(**{name: body[name] for name in CHECKS})
        for body in objects(answer)
        if all(isinstance(body.get(name), bool) for name in CHECKS)
    }
    return found.pop() if len(found) == 1 else None


def _fields(fragment: Fragment, output: Spoken) -> dict[str, str]:
    return {
        "source": fragment.source,
        "reference": fragment.reference,
        "before": output.before,
        "translation": output.output,
        "after": output.after,
    }


def _labels() -> Iterator[str]:
    """A, B … Z, A2 and so on."""
    round_number = 1
    while True:
        for letter in ascii_uppercase:
            yield letter if round_number == 1 else f"{letter}{round_number}"
        round_number += 1
