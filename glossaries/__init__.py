"""Named glossaries: entries, files, and the database that keeps them.

Knows nothing of servers and speech: of `models` it imports only the exception tree.
"""

from __future__ import annotations

from glossaries.config import StoreConfig
from glossaries.entry import Entry
from glossaries.formats import FORMATS, Format, named_format
from glossaries.glossary import Glossary, Languages, Numbered, Page, Snapshot
from glossaries.rows import Conflicts, Mode, Problem, Report, Row
from glossaries.store import GlossaryStore

__all__ = [
    "FORMATS",
    "Conflicts",
    "Entry",
    "Format",
    "Glossary",
    "GlossaryStore",
    "Languages",
    "Mode",
    "Numbered",
    "Page",
    "Problem",
    "Report",
    "Row",
    "Snapshot",
    "StoreConfig",
    "named_format",
]
