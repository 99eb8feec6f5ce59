"""Language codes: what clients write, and the two languages we work in."""

from __future__ import annotations

from models.errors import ConfigError

_CODES = {
    "zh": ("zh", "zho", "chi", "cmn", "chinese", "mandarin"),
    "en": ("en", "eng", "english"),
}
_BY_CODE = {code: language for language, codes in _CODES.items() for code in codes}
NAMES = {"zh": "Chinese", "en": "English"}


def space(language: str) -> str:
    """What stands between words, "zh" or "en"."""
    return "" if language == "zh" else " "


def normalise(code: str) -> str:
    """ "zh" or "en" for any usual code of either ("zh-CN", "zho_Hans", "cmn", "en-US", …).

    Raises ConfigError for any other language.
    """
    primary = code.strip().replace("_", "-").split("-", 1)[0].lower()
    language = _BY_CODE.get(primary)
    if language is None:
        raise ConfigError(f"language {code!r} is not supported; use one of: zh, en")
    return language
