"""Text as an entry may hold it: one line, composed, visible, without control characters."""

from __future__ import annotations

import re
import unicodedata

from glossaries.errors import EntryError

_NONCHARACTERS = "\ufdd0-\ufdef" + "".join(
    chr(plane * 0x10000 + last) for plane in range(17) for last in (0xFFFE, 0xFFFF)
)
_REFUSED = re.compile(
    "["
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # controls but tab and line ends, which are white space
    "\u202a-\u202e\u2066-\u2069"  # bidirectional embeddings, overrides, isolates (UAX #9)
    "\U000e0000-\U000e007f"  # tags: text that nobody sees and a language model reads
    "\ud800-\udfff"  # halves of surrogate pairs: no encoding has them
    f"\ufffd{_NONCHARACTERS}"  # what decoding with a wrong encoding leaves; no XML has the latter
    "]"
)
_DROPPED = re.compile("[\u00ad\u200b\u2060\ufeff]")  # soft hyphen, zero widths, stray marks
_NAMES = {"\ufffd": "the mark of a character that an earlier decoding lost"}


def clean(text: str, field: str, most: int, *, empty: bool = True) -> str:
    """`text` in NFC, without soft hyphens and zero-width spaces, each run of white space (tabs
    and line ends too) as one space, none at the ends. Cleaning twice changes nothing more.

    most: characters (code points) allowed afterwards; nothing is ever cut.
    Raises EntryError when it is longer, empty although `empty` is false, or holds a control
    character, a bidirectional override, a tag, a noncharacter or U+FFFD.
    """
    refused = _REFUSED.search(text)
    if refused is not None:
        raise EntryError(field, f"holds {describe(refused.group())}; remove it")
    visible = _DROPPED.sub("", text)
    cleaned = " ".join(unicodedata.normalize("NFC", visible).split())
    if not cleaned and not empty:
        raise EntryError(field, "is empty")
    if len(cleaned) > most:
        raise EntryError(field, f"has {len(cleaned)} characters; the limit is {most}")
    return cleaned


def describe(char: str) -> str:
    """A character in words, for one that must not be shown as it is."""
    code = f"U+{ord(char):04X}"
    name = _NAMES.get(char) or unicodedata.name(char, "")
    if not name and unicodedata.category(char) == "Cc":
        name = "a control character"
    return f"{code} ({name})" if name else code


def fold(text: str) -> str:
    """`text` as it is compared: compatibility forms, width and case do not matter."""
    once = unicodedata.normalize("NFKC", text).casefold()
    return unicodedata.normalize("NFKC", once)
