from __future__ import annotations

import pytest

from glossaries import Languages
from glossaries.errors import InvalidGlossaryError, UnknownGlossaryError
from glossaries.glossary import known_name, valid_name


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("medicine", "medicine"),
        (" 医学 2024-v1.0_b ", "医学 2024-v1.0_b"),
        ("cafe\u0301", "café"),
        ("ก็", "ก็"),
    ],
)
def test_names_are_kept_composed(name: str, kept: str) -> None:
    assert valid_name(name) == kept
    assert known_name(name) == kept


@pytest.mark.parametrize(
    "name", ["", "  ", "../etc", "a/b", ".hidden", "-x", "a\0", "a?b", "a#b", "a%b", "x" * 101]
)
def test_other_names_are_refused_and_unknown(name: str) -> None:
    with pytest.raises(InvalidGlossaryError) as caught:
        valid_name(name)
    assert caught.value.field == "name"
    with pytest.raises(UnknownGlossaryError):
        known_name(name)


def test_languages_are_tags_and_two() -> None:
    assert Languages() == Languages("zh", "en")
    assert Languages("zh-Hant-TW", "en-US").source == "zh-Hant-TW"
    with pytest.raises(InvalidGlossaryError, match="source_language"):
        Languages("Chinese", "en")
    with pytest.raises(InvalidGlossaryError, match="target_language 'x'"):
        Languages("zh", "x")
    with pytest.raises(InvalidGlossaryError, match="target_language is the source's too"):
        Languages("en", "EN")
