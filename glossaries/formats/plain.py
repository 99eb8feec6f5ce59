r"""Plain text, an entry a line, as people write glossaries by hand.

    # a comment
    [medicine]
    心梗 | 心肌梗塞 = myocardial infarction # say it in full

`[domain]` holds for the lines after it, `[]` for none again. Before the first `=` stand the
source and, after bars, its spoken forms; behind it the target and, after white space and `#`,
the note. A backslash takes `=`, `#`, `|` and `\` their meaning. A line with a tab has columns
instead, in which only the bars of the last mean something: source, target, note, domain, spoken.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from glossaries.entry import Entry
from glossaries.formats.cells import split_forms
from glossaries.glossary import Languages
from glossaries.lines import MAX_LINE_CHARS, lines
from glossaries.rows import Problem, Row, Rows, make_row

_COLUMNS = 5
_LEFT = re.compile(r"((?:[^\\=]|\\.)*)=")  # up to the first = that is not escaped
_NOTE = re.compile(r"(?:^|(?<=\s))#")
_TOKENS = re.compile(r"\\.|[^\\|]+|[\\|]")
_ESCAPED = re.compile(r"\\([\\=#|])")
_BATCH = 200  # entries written at a time


def read(pieces: Iterator[str], _languages: Languages) -> Rows:
    """A `Format.parse`."""
    domain = ""
    for line in lines(pieces):
        text = line.text.strip(" ")
        if line.cut:
            yield Problem(line.number, f"is longer than {MAX_LINE_CHARS} characters")
        elif not text.strip() or text.startswith("#"):
            continue
        elif "\t" in text:
            yield _columns(line.number, text, domain)
        elif (left := _LEFT.match(text)) is not None:
            yield _entry(line.number, left[1], text[left.end() :].strip(), domain)
        elif text.startswith("[") and text.endswith("]"):
            domain = _plain(text[1:-1])
        else:
            yield Problem(line.number, "has neither = nor a tab between source and target")


def _columns(number: int, text: str, domain: str) -> Row | Problem:
    cells = text.rstrip("\t").split("\t")
    if len(cells) > _COLUMNS:
        return Problem(number, f"has {len(cells)} columns; the limit is {_COLUMNS}")
    source, target, note, own, spoken = cells + [""] * (_COLUMNS - len(cells))
    return make_row(number, source, target, note, own or domain, split_forms(spoken))


def _entry(number: int, left: str, right: str, domain: str) -> Row | Problem:
    source, *spoken = _bars(left)
    hash_at = _NOTE.search(right)
    target = right[: hash_at.start()] if hash_at else right
    note = right[hash_at.end() :] if hash_at else ""
    return make_row(number, source, _plain(target), _plain(note), domain, spoken)


def _bars(text: str) -> list[str]:
    """The parts between bars, plain; those after the first that are blank are left out."""
    parts = [""]
    for token in _TOKENS.findall(text):
        if token == "|":
            parts.append("")
        else:
            parts[-1] += token
    first, *others = map(_plain, parts)
    return [first, *(part for part in others if part.strip())]


def _plain(text: str) -> str:
    """`text` without the backslashes that escape something."""
    return _ESCAPED.sub(r"\1", text)


def write(entries: Iterable[Entry], _languages: Languages) -> Iterator[str]:
    """A `Format.render`."""
    held: list[str] = []
    domain = ""
    for count, entry in enumerate(entries, 1):
        if entry.domain != domain:
            domain = entry.domain
            held.append(f"[{_escape(domain, '=')}]\n")
        held.append(_written(entry))
        if count % _BATCH == 0:
            yield "".join(held)
            held.clear()
    yield "".join(held)


def _written(entry: Entry) -> str:
    left = " | ".join(_escape(form, "=|") for form in (entry.source, *entry.spoken))
    if left.startswith("#"):
        left = f"\\{left}"  # no comment
    target = _NOTE.sub(r"\\#", _escape(entry.target, ""))
    note = f" # {_escape(entry.note, '')}" if entry.note else ""
    return f"{left} = {target}{note}\n"


def _escape(text: str, marks: str) -> str:
    """`text` with a backslash before each backslash and each of `marks`."""
    for mark in f"\\{marks}":
        text = text.replace(mark, f"\\{mark}")
    return text
