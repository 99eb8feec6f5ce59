"""What Whisper writes when there is nothing to write, and when it is stuck."""

from __future__ import annotations

import re
from collections.abc import Sequence

_INVENTED = re.compile(
    r"字幕|请不吝|点赞|订阅|转发.*打赏|明镜|点点栏目|谢谢(大家)?(观看|收看|收听)|感谢(您的)?(观看|收看|收听)"
    r"|優優獨播|优优独播|amara\.org|中文字幕|下期再见|subtitles? by|thanks? (you )?for watching"
    r"|please subscribe|翻译.{0,6}校对",
    re.IGNORECASE,
)
"""Credits and sign-offs of the subtitle files that Whisper was trained on."""


def unlooped(tokens: Sequence[int], ends_s: Sequence[float]) -> int:
    """How many of `tokens` come before a loop at their end settles in.

    ends_s: the end of each token in the audio, seconds.
    A loop is a unit said again up to the end: one token six times, two or three tokens four
    times, a longer one three times, or twice where the second saying has less than half the
    first one's time: people do say a sentence again, but not so fast. The mark between two sayings
    may be missing at the end. One saying is kept. Returns len(tokens) when there is none.
    """
    count = len(tokens)
    for period in range(1, (count + 1) // 2 + 1):
        matched = 0
        while matched + period < count and tokens[-1 - matched] == tokens[-1 - matched - period]:
            matched += 1
        needed = {1: 5, 2: 6, 3: 9}.get(period, 2 * period - 1)
        again = period > 3 and matched >= period - 1
        if matched >= needed or (again and _crowded(ends_s, count - matched, period)):
            return count - matched
    return count


def _crowded(ends_s: Sequence[float], cut: int, period: int) -> bool:
    """Whether the tokens from `cut` on have less than half the time of the `period` before it."""
    begun_s = ends_s[cut - period - 1] if cut > period else 0.0
    first_s = (ends_s[cut - 1] - begun_s) / period
    return (ends_s[-1] - ends_s[cut - 1]) / (len(ends_s) - cut) < first_s / 2


def invented(text: str) -> bool:
    """Whether `text`, all of what was heard between two silences, is a known invention."""
    stripped = text.strip()
    return len(stripped) <= 40 and _INVENTED.search(stripped) is not None
