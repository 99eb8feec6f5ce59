"""What alignment says about the tokens: which of them were heard at all."""

from __future__ import annotations

import pytest

from models.engines.whisper import heard

# As Whisper base said it of 4.05 s: the whole sentence, then its beginning once more.
REPEATED = (2.98, 3.2, 3.4, 3.64, 4.02, 4.02, 4.02, 4.02, 4.02)


@pytest.mark.parametrize(
    ("ends_s", "duration_s", "count"),
    [
        ((), 1.0, 0),
        ((0.4, 0.7), 1.0, 2),
        ((0.4, 0.98), 1.0, 2),
        ((0.4, 0.98, 0.98, 0.98), 1.0, 4),  # a word cut in half, and a mark
        ((0.4, 0.98, 0.98, 0.98, 0.98), 1.0, 2),
        (REPEATED, 4.05, 5),
        (REPEATED, 5.0, 9),  # audio goes on: they are crowded for another reason
    ],
)
def test_tokens_that_no_audio_is_left_for_were_not_heard(
    ends_s: tuple[float, ...], duration_s: float, count: int
) -> None:
    assert heard(ends_s, duration_s) == count
