"""A syllable in the scripts of the voices: pinyin, IPA, and the symbols of the Baker corpus."""

from __future__ import annotations

_RETROFLEX, _SIBILANT = ("zh", "ch", "sh", "r"), ("z", "c", "s")
_SHORT = {"iou": "iu", "uei": "ui", "uen": "un"}
_ALONE = {"i": "yi", "in": "yin", "ing": "ying", "u": "wu", "v": "yu", "ve": "yue", "van": "yuan"}
_ALONE |= {"vn": "yun"}

_INITIALS = {
    **{"": "", "b": "p", "p": "pʰ", "m": "m", "f": "f", "d": "t", "t": "tʰ", "n": "n", "l": "l"},
    **{"g": "k", "k": "kʰ", "h": "x", "j": "ʨ", "q": "ʨʰ", "x": "ɕ", "zh": "ꭧ", "ch": "ꭧʰ"},
    **{"sh": "ʂ", "r": "ɻ", "z": "ʦ", "c": "ʦʰ", "s": "s"},
}
_FINALS = {  # | is where the tone goes: after the nucleus
    **{"a": "a|", "ai": "ai|", "an": "a|n", "ang": "a|ŋ", "ao": "au|", "e": "ɤ|", "ei": "ei|"},
    **{"en": "ə|n", "eng": "ə|ŋ", "er": "ɚ|", "i": "i|", "ia": "ja|", "ian": "jɛ|n", "ie": "je|"},
    **{"iang": "ja|ŋ", "iao": "jau|", "in": "i|n", "ing": "i|ŋ", "iong": "jʊ|ŋ", "iou": "jou|"},
    **{"o": "wo|", "ong": "ʊ|ŋ", "ou": "ou|", "u": "u|", "ua": "wa|", "uai": "wai|", "uan": "wa|n"},
    **{"uang": "wa|ŋ", "uei": "wei|", "uen": "wə|n", "ueng": "wə|ŋ", "uo": "wo|", "v": "y|"},
    **{"ve": "ɥe|", "van": "ɥɛ|n", "vn": "y|n", "ê": "e|"},
}
_TONES = {1: "→", 2: "↗", 3: "↓", 4: "↘", 5: ""}


def baker(initial: str, final: str, tone: int) -> tuple[str, str]:
    """Initial and final with tone, as the Baker corpus of Mandarin speech has them."""
    if final == "i" and initial in _RETROFLEX:
        final = "iii"
    elif final == "i" and initial in _SIBILANT:
        final = "ii"
    return initial or "^", f"{'e' if final == 'ê' else final}{tone}"


def ipa(initial: str, final: str, tone: int) -> str:
    """In IPA with Kokoro's arrows for tones. Raises KeyError for what is no Mandarin syllable."""
    buzzing = final == "i" and initial in (*_RETROFLEX, *_SIBILANT)
    sound = "ɨ|" if buzzing else _FINALS[final]
    return _INITIALS[initial] + sound.replace("|", _TONES[tone])


def written(initial: str, final: str, tone: int) -> str:
    """As pinyin is written, the tone as a digit: ("j", "v", 4) is ju4, ("", "uei", 2) wei2."""
    if not initial:
        plain = _ALONE.get(final) or final.replace("i", "y", 1) if final[0] == "i" else final
        if final[0] in "uv":
            plain = _ALONE.get(final, "w" + final[1:])
        return f"{plain}{tone}"
    final = _SHORT.get(final, final)
    if initial in "jqx":
        final = final.replace("v", "u")
    return f"{initial}{final}{tone}"
