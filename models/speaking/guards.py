"""What a small LLM does wrong, caught while it streams: nothing released is ever taken back."""

from __future__ import annotations

import re

import regex  # tells of a text that is not matched yet whether it may be

_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
_CHATTER_HEAD = regex.compile(
    r"^\s*(?:(?:sure|certainly|of course|okay|ok|yes)[,.!]?\s+)?"
    r"(?:here(?:'s| is| are)[^:\n]{0,40}(?:translat|english|chinese|version|interpret)[^:\n]{0,30}:"
    r"|(?:the |my |english |chinese )*translat(?:ion|ed)(?: is| (?:in|into|to|of the|of this)"
    r"[^:\n]{0,30})?:|(?:in )?(?:english|chinese)\s*:|assistant\s*:|interpreter\s*:"
    r"|(?:好的[，,。]?)?(?:以下是|这是)?(?:翻译|译文)[^：:\n]{0,12}[：:])\s*",
    regex.IGNORECASE,
)
_REFUSAL = regex.compile(
    r"^\s*(?:i(?:'m| am) (?:very )?sorry,? (?:but )?(?:i |as an |this )"
    r"|sorry, (?:but )?i (?:can|am)"
    r"|i (?:cannot|can't|am unable to|can not) "
    r"(?:assist|help|translate|provide|fulfil|understand the)"
    r"|as an ai|i(?:'m| am) (?:an ai|a language model)"
    r"|(?:please )?provide (?:me with )?(?:the|more) (?:text|context|sentence)"
    r"|抱歉，我(?:不能|无法)|作为一个?(?:AI|人工智能))",
    regex.IGNORECASE,
)
_AGREES = r"(?:sure|certainly|of course|absolutely|okay|ok|yes)[,.!]+\s+"
_ANSWERS = regex.compile(rf"^\s*{_AGREES}(?:here|below|i\b)", regex.IGNORECASE)
# It does what the speaker asked for, in several lines: "Certainly! Below is a function:", code.
_ANSWER = regex.compile(
    rf"^\s*(?:{_AGREES})?(?:here|below)(?:'s| is| are)\b[^\n]*:\s*\n", regex.IGNORECASE
)
_OFFER = regex.compile(
    rf"^\s*{_AGREES}i(?:'d| would) be (?:happy|glad) to "
    r"(?:translate|(?:help|assist) (?:you )?with)",
    regex.IGNORECASE,
)
_OFFERED = re.compile(r"翻译|帮|协助|乐意|高兴|愿意|help|translat|happy|glad", re.IGNORECASE)
_APOLOGY = re.compile(
    r"抱歉|对不起|不好意思|遗憾|不能|无法|没办法|sorry|cannot|can't", re.IGNORECASE
)
_ASIDE = re.compile(
    r"\bnotes?\b|translat|\bliteral|\blit\.|pinyin|i\.e\. the speaker|="
    r"|注[:：]|译[者注文]|翻译[:：]|[\u4e00-\u9fff]",
    re.IGNORECASE,
)
_ASIDE_ZH = re.compile(
    r"\bnotes?\b|translat|\bliteral|=|注[:：]|译[者注文]|翻译[:：]", re.IGNORECASE
)
_HEADS = (_CHATTER_HEAD, _REFUSAL, _ANSWER, _OFFER)
_HEAD = 64  # characters within which chatter and refusals show themselves
_ANSWER_HEAD = 120  # …and answers
_ASIDE_MOST = 48


class GuardTrippedError(Exception):
    """The output went wrong; what was released before is good. `kind` names the fault."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


class Guard:
    """One chunk's output, piece by piece: `push` returns what may be released now.

    source: the chunk's text. target: "en" or "zh". released: text that went out already, which
    this output continues. Raises GuardTrippedError ("source_language", "loop", "refusal").
    """

    def __init__(self, source: str, target: str, released: str = "") -> None:
        self._source = source
        self._target = target
        self._out = released
        self._held = ""
        self._at_head = not released
        self._fault: GuardTrippedError | None = None
        self._aside = _ASIDE_ZH if target == "zh" else _ASIDE
        self.done = False
        """Whether the rest of the output is to be dropped: it is no translation any more."""
        self.removed: list[str] = []
        """What kinds of thing were cut out ("chatter")."""

    @property
    def text(self) -> str:
        """Everything released, earlier output included."""
        return self._out

    def push(self, piece: str) -> str:
        """More output; returns what is released of it.

        It is judged character by character, so that it does not matter how the model cuts it. What
        came before the fault is returned first; the fault is raised at the next call.
        """
        released = ""
        try:
            for char in piece:
                released += self._take(char)
        except GuardTrippedError as fault:
            self._fault = fault
            if not released:
                raise
        return released

    def _take(self, char: str) -> str:
        if self._fault is not None:
            raise self._fault
        if self.done:
            return ""
        self._held += char
        if self._at_head and not self._past_head(final=False):
            return ""
        return self._release(final=False)

    def finish(self) -> str:
        """The output ended; returns the rest."""
        if self._fault is not None:
            raise self._fault
        if self.done:
            return ""
        if self._at_head:
            self._past_head(final=True)
        released = self._release(final=True)
        self.done = True
        return released

    def _past_head(self, *, final: bool) -> bool:
        """Whether the beginning is known to be translation; cuts chatter off."""
        head = self._held.lstrip(" \n\"'“")
        if not head and not final:
            return False
        most = _ANSWER_HEAD if _ANSWERS.match(head) else _HEAD
        if not final and len(head) < most and _open(head):
            return False
        chatter = _CHATTER_HEAD.match(head)
        if chatter:
            self.removed.append("chatter")
            self._held = head[chatter.end() :]
            return self._past_head(final=final)  # more of it, or a refusal, may follow
        if _REFUSAL.match(head) and not _APOLOGY.search(self._source):
            raise GuardTrippedError("refusal")
        if _ANSWER.match(head) or (_OFFER.match(head) and not _OFFERED.search(self._source)):
            raise GuardTrippedError("refusal")
        self._held = head
        self._at_head = False
        return True

    def _release(self, *, final: bool) -> str:
        text = self._held
        newline = text.find("\n")
        if newline >= 0:
            self.removed.append("chatter")  # a translation has one line: more was to come
            text, self._held, self.done = text[:newline], "", True
        else:
            cut = len(text) if final else self._safe(text)
            text, self._held = text[:cut], text[cut:]
        text = self._without_asides(text)
        if final or self.done:
            text = text.rstrip()
            text = self._without_stray_quote(text)
        self._check(text, final=final or self.done)
        self._out += text
        return text

    def _safe(self, text: str) -> int:
        """How much of `text` can go out: not an open parenthesis, nor a trailing quote or space."""
        opened = max(text.rfind("("), text.rfind("（"))
        if opened >= 0 and not re.search("[)）]", text[opened:]):
            aside = len(text) - opened < _ASIDE_MOST or self._aside.search(text[opened:])
            if aside:
                return len(text[:opened].rstrip())
        return len(text.rstrip(' "”'))

    def _without_stray_quote(self, text: str) -> str:
        """The output's end without a quotation mark whose partner was cut off its beginning."""
        whole = self._out + text
        stray = (text.endswith('"') and whole.count('"') % 2 == 1) or (
            text.endswith("”") and whole.count("”") > whole.count("“")
        )
        return text[:-1].rstrip() if stray else text

    def _without_asides(self, text: str) -> str:
        def kept(match: re.Match[str]) -> str:
            if self._aside.search(match[0]):
                self.removed.append("chatter")
                return ""
            return match[0]

        return re.sub(r"\s*[(（][^()（）]*[)）]?", kept, text)

    def _check(self, text: str, *, final: bool) -> None:
        if self._target == "en":
            if _CJK.search(text):
                raise GuardTrippedError("source_language")
        elif self._echoes(text):
            raise GuardTrippedError("source_language")
        whole = self._out + text
        if not final and self._target != "zh":
            whole = whole[: whole.rfind(" ") + 1]  # the last word may still grow
        if looped(whole, self._target):
            raise GuardTrippedError("loop")

    def _echoes(self, text: str) -> bool:
        """Whether six or more source words in a row stand untranslated in the output."""
        runs = re.findall(r"[A-Za-z][A-Za-z'-]*(?:[ ,.]+[A-Za-z][A-Za-z'-]*){5,}", self._out + text)
        return any(run.lower() in self._source.lower() for run in runs)


def _open(head: str) -> bool:
    """Whether what follows may yet make `head` the beginning of something that is no translation,
    or more of it."""
    found = (pattern.match(head, partial=True) for pattern in _HEADS)
    return any(one is not None and one.end() == len(head) for one in found)


def looped(text: str, target: str) -> bool:
    """Whether `text` ends in a unit of up to 8 words (Chinese: characters) said 4 times running
    (a single word: 5 times)."""
    units = list(text.replace(" ", "")) if target == "zh" else text.lower().split()
    for period in range(1, min(8, len(units) // 3) + 1):
        times = 5 if period == 1 else 4 if period < 4 else 3
        needed = period * times
        tail = units[-needed:]
        if len(tail) == needed and all(tail[i] == tail[i % period] for i in range(needed)):
            return True
    return False
