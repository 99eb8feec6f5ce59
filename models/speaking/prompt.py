"""What the LLM is told: role and direction once, then chunk by chunk.

Short on purpose: on realsi-dev (90 s each of 01-tech and 06-env, the same chunks) this text gave
BLEU 14.3, a longer one that explained an interpreter's manners 12.4, and either with example
chunks before the session's own about 1 less: a small model copies examples into its output.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from models.engines.llm import Conversation, Turn, plain
from models.languages import NAMES
from models.recall.recall import Found
from models.speaking.wanted import rendering

TermForm = Literal["inline", "beside", "list", "both"]
_CONTEXT_CHARS = 600
_LATIN = re.compile(r"[^\W_㐀-鿿]")
_SYSTEM = (
    "Translate the following {source} speech transcript into {target}, segment by segment. "
    "Fix obvious recognition errors from context. Output only the translation."
)


def system_prompt(source: str, target: str, context: str) -> str:
    """The system message of a session; `context` is the client's text about the talk."""
    prompt = _SYSTEM.format(source=NAMES[source], target=NAMES[target])
    about = " ".join(plain(context).split())[:_CONTEXT_CHARS]
    return f"{prompt}\nAbout this talk: {about}" if about else prompt


def user_message(found: Found, form: TermForm) -> str:
    """The message of one chunk with its terms, in one of four forms:

    - inline: the rendering stands in the text instead of what was heard
    - beside: … behind it, in brackets
    - list: the text as heard, then `source = rendering` for each
    - both: inline, then the list
    """
    told = [(recalled, plain(rendering(recalled.term))) for recalled in found.terms]
    told = [(recalled, text) for recalled, text in told if text]
    text = found.text
    if form != "list":
        for recalled, wording in reversed(told):
            heard = text[recalled.start : recalled.stop]
            wording = wording if form != "beside" else f"{heard}[{wording}]"
            text = _joined(text[: recalled.start], wording, text[recalled.stop :])
    if form in ("inline", "beside") or not told:
        return plain(text)
    listed = "; ".join(f"{plain(recalled.term.source)} = {wording}" for recalled, wording in told)
    return f"{plain(text)}\n({listed})"


def insisting(first: Conversation, answer: str, renderings: Sequence[str]) -> Conversation:
    """A second try, when `answer` to `first` left some renderings out: a turn after it. What was
    read and written so far need not be read again, as it would after a change of the system
    message; and in the chunk's own message a small model translates the demand too."""
    demand = f"Translate it again. Use exactly these words: {'; '.join(map(plain, renderings))}."
    return replace(first, turns=(*first.turns, Turn(first.user, answer)), user=demand)


def _joined(before: str, wording: str, after: str) -> str:
    """Latin words keep a space from Latin neighbours."""
    left = " " if _LATIN.search(before[-1:]) and _LATIN.search(wording[:1]) else ""
    right = " " if _LATIN.search(wording[-1:]) and _LATIN.search(after[:1]) else ""
    return f"{before}{left}{wording}{right}{after}"
