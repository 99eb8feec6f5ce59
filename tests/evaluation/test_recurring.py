from __future__ import annotations

from evaluation.consistency import consistency
from evaluation.recurring import capitals, recurring

CHUNKS = [
    ("想打京多安的身后", "to play behind Ginobili"),
    ("看看京多安，又是空切", "again Ginobili makes a run"),
    ("好球给了京多安", "a good ball to Ginobili"),
    ("还是京多安", "still Gundogan"),
    ("看看这个", "Look at this"),
]


def test_names_are_found_by_what_goes_together() -> None:
    assert recurring(CHUNKS) == {"京多安": ()}
    (use,) = consistency(CHUNKS, recurring(CHUNKS), "en").names
    assert use.renderings == ("Ginobili", "Ginobili", "Ginobili", "Gundogan")


def test_twice_is_not_enough() -> None:
    assert recurring(CHUNKS[1:]) == {}
    assert recurring([]) == {}


def test_ordinary_words_at_a_sentences_beginning_are_no_names() -> None:
    found = capitals(["Look at Stones. Maguire!", "They look. Look Fred"])
    assert found == [{"Stones": True, "Maguire": False}, {"They": False, "Fred": True}]
