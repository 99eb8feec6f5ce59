"""How terms may be written and said: the forms by which they are found."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from models.events import Term
from models.recall.features import row
from models.recall.syllables import acronym, spoken
from models.recall.units import Unit, units

Form = str | bytes
"""A text, as `text_form` makes it; or a sound: its syllables as rows of `features.TABLE`, int16."""
_LEAST, _MOST = 2, 16  # syllables of what is looked for by its sound
_SEPARATOR = "\n"  # in no unit


def forms(term: Term) -> dict[Form, None]:
    """All of a term's source and spoken forms, in order and each once."""
    found: dict[Form, None] = {}
    for source in (term.source, *term.spoken):
        text = units(source)
        written = [unit.written for unit in text if unit.written]
        if written:
            found[text_form(written)] = None
        found.update(dict.fromkeys(_sounds(text)))
    return found


def text_form(written: Iterable[str]) -> str:
    """Of units, by their `Unit.written`."""
    return _SEPARATOR.join(written)


def text_length(text: str) -> int:
    """Units of a form that is a text."""
    return text.count(_SEPARATOR) + 1


def syllables(sound: bytes) -> int:
    """Of a form that is a sound."""
    return len(sound) // np.dtype(np.int16).itemsize


def _sounds(text: tuple[Unit, ...]) -> list[bytes]:
    """How it may be read: acronyms as words and letter by letter."""
    ways = [spoken(text)]
    if any(acronym(unit.raw) for unit in text):
        ways.append(spoken(text, spelt=True))
    rows = [[row(sound.syllable) for sound in way if sound.syllable] for way in ways]
    return [np.array(one, np.int16).tobytes() for one in rows if _LEAST <= len(one) <= _MOST]
