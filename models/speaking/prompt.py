"""What the LLM is told: role and direction once, then chunk by chunk."""

from __future__ import annotations

from collections.abc import Sequence

from models.engines.llm import plain
from models.events import Term
from models.languages import NAMES

_CONTEXT_CHARS = 600
_SYSTEM = (
    "You are a professional simultaneous interpreter. Each message is the next piece of a live "
    "{source} speech, as a speech recogniser heard it: it may hold wrong words that sound alike, "
    "fillers and half sentences. Translate each piece into fluent spoken {target} that continues "
    "the translation so far. Leave out fillers and repetitions. "
    "Write only the translation of the piece."
)


def system_prompt(source: str, target: str, context: str) -> str:
    """The system message of a session; `context` is the client's text about the talk."""
    prompt = _SYSTEM.format(source=NAMES[source], target=NAMES[target])
    about = " ".join(plain(context).split())[:_CONTEXT_CHARS]
    return f"{prompt}\nAbout this talk: {about}" if about else prompt


def user_message(text: str, terms: Sequence[Term]) -> str:
    """The message of one chunk. Terms come after the text, so that a growing chunk's prompt
    keeps its prefix."""
    if not terms:
        return plain(text)
    listed = "; ".join(f"{plain(term.source)} = {plain(term.target)}" for term in terms)
    return f"{plain(text)}\n({listed})"
