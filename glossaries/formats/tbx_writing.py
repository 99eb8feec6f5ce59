"""TBX-Basic (ISO 30042:2019) in DCA style, which most term bases read.

An entry is a concept; its spoken forms are terms of the source language of type "variant".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from xml.sax.saxutils import escape, quoteattr

from glossaries.entry import Entry
from glossaries.glossary import Languages

_HEAD = """\
<?xml version="1.0" encoding="UTF-8"?>
<tbx type="TBX-Basic" style="dca" xml:lang={language} xmlns="urn:iso:std:iso:30042:ed-2">
<tbxHeader><fileDesc><sourceDesc><p>Glossary of Tongchuan</p></sourceDesc></fileDesc></tbxHeader>
<text><body>
"""
_FOOT = "</body></text>\n</tbx>\n"
_BATCH = 200  # concepts written at a time


def write(entries: Iterable[Entry], languages: Languages) -> Iterator[str]:
    """A `Format.render`."""
    yield _HEAD.format(language=quoteattr(languages.source))
    held: list[str] = []
    for count, entry in enumerate(entries, 1):
        held.append(_concept(count, entry, languages))
        if count % _BATCH == 0:
            yield "".join(held)
            held.clear()
    yield "".join((*held, _FOOT))


def _concept(number: int, entry: Entry, languages: Languages) -> str:
    domain = f'<descrip type="subjectField">{escape(entry.domain)}</descrip>\n'
    note = f"<note>{escape(entry.note)}</note>\n"
    spoken = "".join(
        f'<termSec><term>{escape(form)}</term><termNote type="termType">variant</termNote>'
        "</termSec>"
        for form in entry.spoken
    )
    return (
        f'<conceptEntry id="c{number}">\n'
        f"{domain if entry.domain else ''}{note if entry.note else ''}"
        f"<langSec xml:lang={quoteattr(languages.source)}>"
        f"<termSec><term>{escape(entry.source)}</term></termSec>{spoken}</langSec>\n"
        f"<langSec xml:lang={quoteattr(languages.target)}>"
        f"<termSec><term>{escape(entry.target)}</term></termSec></langSec>\n"
        "</conceptEntry>\n"
    )
