"""What can go wrong with glossaries, as branches of the one exception tree."""

from __future__ import annotations

from models.errors import TongchuanError


class GlossaryError(TongchuanError):
    """Anything about glossaries, their files and their database."""


class EntryError(GlossaryError):
    """A text that cannot be part of an entry. Names the field.

    field: "source", "target", "note", "domain" or "spoken".
    reason: what is wrong with it, without the field's name.
    """

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field} {reason}")
        self.field = field
        self.reason = reason


class InvalidGlossaryError(GlossaryError):
    """A name or language that a glossary cannot have. `field` names which."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field} {reason}")
        self.field = field


class UnknownGlossaryError(GlossaryError):
    """No glossary has this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no glossary named {name!r}; create it first")
        self.name = name


class UnknownEntryError(GlossaryError):
    """The glossary has no entry with this id; it may have been deleted."""


class GlossaryExistsError(GlossaryError):
    """A glossary of this name is there already."""

    def __init__(self, name: str) -> None:
        super().__init__(f"a glossary named {name!r} is there already; choose another name")
        self.name = name


class GlossaryChangedError(GlossaryError):
    """The glossary is at another version than the caller expected. `version` is the one it has."""

    def __init__(self, name: str, expected: int, version: int) -> None:
        super().__init__(
            f"{name!r} is at version {version}, not {expected}: somebody changed it; "
            "read it again and repeat the change"
        )
        self.version = version


class ContradictionError(GlossaryError):
    """An entry would give a source that the glossary has a second target."""


class GlossaryLimitError(GlossaryError):
    """Too many entries or bytes. Names the limit."""


class TooManyGlossariesError(GlossaryLimitError):
    """There are as many glossaries as there may be."""


class GlossaryFileError(GlossaryError):
    """A file that cannot be read at all: wrong encoding, not the format it was said to be."""


class UnsupportedFormatError(GlossaryError):
    """A file format or encoding that is not known. Names those that are."""


class GlossaryUnavailableError(GlossaryError):
    """The database cannot be used now. Works again once the database does."""


class GlossaryBusyError(GlossaryUnavailableError):
    """The database, or the queue for it, was busy for longer than the limit. Try again."""
