"""TBX as term bases export it: ISO 30042:2019 in DCA and DCT style, and TBX of 2008.

A concept becomes an entry for each of its terms in the source language. Its target is the
target language's preferred term, else the first that is not deprecated or superseded. A source
term of type "variant" is a spoken form of the concept's first term. The domain is the concept's
subject field, the note its notes, else a definition.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.sax import SAXException, SAXParseException
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import AttributesImpl, Locator

from defusedxml.common import DefusedXmlException
from defusedxml.expatreader import DefusedExpatParser

from glossaries.errors import GlossaryFileError
from glossaries.glossary import Languages
from glossaries.rows import Problem, Row, Rows, make_row

_ROOTS = {"tbx", "martif"}
_CONCEPTS = {"conceptEntry", "termEntry"}
_LANGUAGES = {"langSec", "langSet"}
_TERMS = {"termSec", "tig", "ntig"}
_TERM_PARENTS = {*_TERMS, "termGrp"}
_TEXTS = {"term", "note", "subjectField", "definition", "termType", "administrativeStatus"}
_TYPED = {"descrip", "termNote"}  # DCA and 2008: the data category is in `type`
_MOST_CHARS = 10_000  # of one text; longer than an entry may have, so that it is refused as such
_OUTDATED = {"deprecatedTerm-admn-sts", "supersededTerm-admn-sts"}
_PREFERRED = "preferredTerm-admn-sts"


@dataclass(slots=True)
class _Term:
    text: str = ""
    kind: str = ""
    status: str = ""


@dataclass(slots=True)
class _Concept:
    line: int
    domain: str = ""
    notes: list[str] = field(default_factory=list)
    definition: str = ""
    terms: dict[str, list[_Term]] = field(default_factory=dict)  # by language tag


def read(pieces: Iterator[str], languages: Languages) -> Rows:
    """A `Format.parse`. Raises GlossaryFileError for what is no XML or no TBX, or has entities."""
    # An external DTD, which files of 2008 name, is not forbidden, and not loaded either.
    parser = DefusedExpatParser(forbid_entities=True, forbid_external=False)
    concepts = _Concepts(languages, parser)
    parser.setContentHandler(concepts)
    try:
        for piece in pieces:
            parser.feed(piece)
            yield from concepts.take()
        parser.close()
    except SAXParseException as error:
        raise GlossaryFileError(
            f"line {error.getLineNumber()}: this is not XML: {error.getMessage()}"
        ) from None
    except (DefusedXmlException, SAXException) as error:
        raise GlossaryFileError(
            f"line {parser.getLineNumber()}: declarations of entities are refused ({error})"
        ) from None
    yield from concepts.take()


class _Concepts(ContentHandler):
    """Gathers rows while the parser goes on."""

    def __init__(self, languages: Languages, locator: Locator) -> None:
        super().__init__()
        self._languages = languages
        self._locator = locator
        self._rows: list[Row | Problem] = []
        self._path: list[str] = []
        self._concept: _Concept | None = None
        self._terms: list[_Term] = []  # of the current language section
        self._capturing = ""
        self._capture_depth = 0
        self._captured: list[str] = []
        self._chars = 0

    def take(self) -> list[Row | Problem]:
        """The rows found since the last call."""
        rows, self._rows = self._rows, []
        return rows

    def startElement(self, name: str, attributes: AttributesImpl) -> None:  # noqa: N802 - SAX
        """See ContentHandler."""
        local = name.rpartition(":")[2]
        if not self._path and local not in _ROOTS:
            raise GlossaryFileError(f"this is not TBX: its root is <{local[:40]}>, not <tbx>")
        self._path.append(local)
        if local in _CONCEPTS:
            self._concept = _Concept(self._locator.getLineNumber() or 0)
        elif self._concept is None or self._capturing:
            return
        elif local in _LANGUAGES:
            tag = attributes.get("xml:lang", "").lower()
            self._terms = self._concept.terms.setdefault(tag, [])
        elif local in _TERMS:
            self._terms.append(_Term())
        else:
            category = attributes.get("type", "") if local in _TYPED else local
            if category in _TEXTS:
                self._capturing, self._capture_depth = category, len(self._path)
                self._captured, self._chars = [], 0

    def characters(self, content: str) -> None:
        """See ContentHandler."""
        if self._capturing and self._chars <= _MOST_CHARS:
            self._captured.append(content)
            self._chars += len(content)

    def endElement(self, name: str) -> None:  # noqa: N802 - SAX
        """See ContentHandler."""
        if self._capturing and len(self._path) == self._capture_depth:
            self._keep(self._capturing, " ".join("".join(self._captured).split()))
            self._capturing = ""
        local = self._path.pop()
        if local in _CONCEPTS and self._concept is not None:
            self._rows += _rows(self._concept, self._languages)
            self._concept, self._terms = None, []

    def skippedEntity(self, name: str) -> None:  # noqa: N802 - SAX
        """See ContentHandler."""
        raise GlossaryFileError(
            f"line {self._locator.getLineNumber()}: &{name}; is not declared; write the character"
        )

    def _keep(self, category: str, text: str) -> None:
        assert self._concept is not None
        concept = self._concept
        within_term = any(level in _TERMS for level in self._path)
        match category:
            case "note" if self._path[-2] in _CONCEPTS:
                concept.notes.append(text)
            case "subjectField":
                concept.domain = concept.domain or text
            case "definition":
                concept.definition = concept.definition or text
            case "term" if self._path[-2] in _TERM_PARENTS:
                self._terms[-1].text = text
            case "termType" if within_term:
                self._terms[-1].kind = text
            case "administrativeStatus" if within_term:
                self._terms[-1].status = text


def _rows(concept: _Concept, languages: Languages) -> list[Row | Problem]:
    sources = _of_language(concept, languages.source)
    targets = _of_language(concept, languages.target)
    for terms, tag in ((sources, languages.source), (targets, languages.target)):
        if not terms:
            there = ", ".join(sorted(filter(None, concept.terms))) or "none"
            return [Problem(concept.line, f"the concept has no term in {tag}; it has: {there}")]
    heads = [term for term in sources if term.kind != "variant"] or sources[:1]
    spoken = tuple(term.text for term in sources if term.kind == "variant" and term not in heads)
    target = min(targets, key=_rank).text  # of equals the first
    note = "; ".join(filter(None, concept.notes)) or concept.definition
    return [
        make_row(concept.line, head.text, target, note, concept.domain, () if index else spoken)
        for index, head in enumerate(heads)
    ]


def _rank(term: _Term) -> int:
    if term.status == _PREFERRED:
        return 0
    return 2 if term.status in _OUTDATED or term.kind == "variant" else 1


def _of_language(concept: _Concept, tag: str) -> list[_Term]:
    """The terms in a language: of exactly this tag, else of any with the same first subtag."""
    wanted = tag.lower()
    exact = concept.terms.get(wanted)
    if exact is None:
        first = wanted.partition("-")[0]
        exact = [
            term
            for other, terms in concept.terms.items()
            if other.partition("-")[0] == first
            for term in terms
        ]
    return [term for term in exact if term.text]
