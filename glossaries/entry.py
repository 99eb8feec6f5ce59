"""One entry of a glossary."""

from __future__ import annotations

from dataclasses import dataclass

from glossaries.errors import EntryError
from glossaries.text import clean, fold

MAX_TERM_CHARS = 500
MAX_NOTE_CHARS = 2000
MAX_DOMAIN_CHARS = 100
MAX_SPOKEN = 20


@dataclass(frozen=True, slots=True)
class Entry:
    """Render `source` as `target`. Clean by construction, see `glossaries.text.clean`.

    source, target: 1 to 500 characters.
    note: for people and the prompt, up to 2000 characters.
    domain: the field of knowledge it belongs to, up to 100 characters.
    spoken: up to 20 other forms that `source` takes in speech or that recognisers make of it,
        1 to 500 characters each; repetitions and `source` itself are left out.

    Raises EntryError; nothing is ever cut to fit.
    """

    source: str
    target: str
    note: str = ""
    domain: str = ""
    spoken: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        source = clean(self.source, "source", MAX_TERM_CHARS, empty=False)
        forms = (clean(form, "spoken", MAX_TERM_CHARS, empty=False) for form in self.spoken)
        spoken = tuple(form for form in dict.fromkeys(forms) if form != source)
        if len(spoken) > MAX_SPOKEN:
            raise EntryError("spoken", f"has {len(spoken)} forms; the limit is {MAX_SPOKEN}")
        put = object.__setattr__  # frozen, and yet never unclean
        put(self, "source", source)
        put(self, "target", clean(self.target, "target", MAX_TERM_CHARS, empty=False))
        put(self, "note", clean(self.note, "note", MAX_NOTE_CHARS))
        put(self, "domain", clean(self.domain, "domain", MAX_DOMAIN_CHARS))
        put(self, "spoken", spoken)

    @property
    def identity(self) -> str:
        """What a glossary has only once: source and domain, whatever their case and width.

        Two entries with one identity and one target are duplicates; with different targets they
        contradict each other.
        """
        return f"{fold(self.source)}\0{fold(self.domain)}"
