"""A glossary's entries as a session's terms, in the direction of the session."""

from __future__ import annotations

from glossaries.glossary import Snapshot
from models.events import Term


def session_terms(snapshot: Snapshot, target: str) -> tuple[Term, ...] | None:
    """The terms for a session that is read in `target` ("zh", "en"), one an entry; None when
    neither of the glossary's languages is that one.

    A glossary of the other direction is turned round; its spoken forms are of the wrong language
    then, and are left out.
    """
    languages = snapshot.glossary.languages
    if _same(languages.target, target):
        return tuple(
            Term(entry.source, entry.target, entry.note, entry.spoken) for entry in snapshot.entries
        )
    if _same(languages.source, target):
        return tuple(Term(entry.target, entry.source, entry.note) for entry in snapshot.entries)
    return None


def _same(tag: str, language: str) -> bool:
    return tag.lower().partition("-")[0] == language.lower()
