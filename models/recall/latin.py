"""Latin words as Mandarin-like syllables, the way names are transliterated.

Spelling is read by rules for English, which names of other languages mostly survive. A consonant
that no vowel follows is a syllable with a neutral final, as in 斯 (s), 特 (t) and 克 (k).
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

Sound = tuple[str, str]
"""Initial and final of a syllable, in pinyin; the final `NEUTRAL` is a consonant's own."""

NEUTRAL = "-"

_LETTERS = {
    name: tuple(
        (initial, final)
        for initial, _, final in (sound.partition(".") for sound in sounds.split("+"))
    )
    for name, _, sounds in (
        pair.partition("=")
        for pair in """
        a=.ei b=b.i c=s.i d=d.i e=.i f=.ai+f.- g=zh.i h=.ei+ch.- i=.ai j=zh.ei k=k.ei l=.ai+.er
        m=.ai+m.- n=.en o=.ou p=p.i q=k.iou r=.a+.er s=.ai+s.- t=t.i u=.iou v=f.i
        w=d.a+b.-+l.iou x=.ai+k.-+s.- y=.uai z=z.ei
        """.split()
    )
}
"""The sounds of each letter's name."""

_RULES = """
tion=sh+e+n sion=sh+e+n tch=ch sch=sh sh=sh ch=ch ph=f th=s ght=t gh$= gh=g ^kn=n ^wr=r wh=w ck=k
qu=k+u ^x=s x=k+s ce$=s ce=s+ei ci=s+i cy=s+i dge$=zh ge$=zh gi=zh+i gy=zh+i
bb=b cc=k dd=d ff=f gg=g kk=k ll=l mm=m nn=n pp=p rr=r ss=s tt=t vv=f zz=z
b=b c=k d=d f=f g=g h=h j=zh k=k l=l m=m n=n p=p q=k r=r s=s t=t v=f w=w z=z ^y=y
eigh=ei igh=ai augh=ao ough=ou eau=ou ai=ei ay=ei au=ao aw=ao ae=ai ea=i ee=i ei=ei ew=iou ey$=i
ey=ei eu=ou ia$=i+a ie$=i ie=ie io=i+ou oa=ou oe=ou oi=uo oo=u ou=ao ow=ao oy=uo ue$=u ui=uei
ar=a er=e ir=e ur=e on$=e+n es$=s e$= a=a e=ai i=i o=o u=u y=i
"""
_SOUNDS = {
    spelling: tuple(filter(None, sounds.split("+")))
    for spelling, _, sounds in (rule.partition("=") for rule in _RULES.split())
}
_SPELLING = re.compile(
    "|".join(f"(?P<g{at}>{spelling})" for at, spelling in enumerate(_SOUNDS)),
)
_LONG_VOWEL = re.compile(r"(?<![aeiou])([aiou])([bcdfgklmnprstvz])e(s?)$")
_LONG = {"a": "ay", "i": "igh", "o": "oa", "u": "oo"}

_VOWELS = frozenset("a ai ao e ei i ie iou o ou u uei uo".split())
_BEFORE_N = {"a": "an", "ai": "an", "ao": "ang", "e": "en", "ei": "en", "i": "in", "ie": "ian"}
_BEFORE_N |= {"iou": "in", "o": "ong", "ou": "ong", "u": "uen", "uei": "uen", "uo": "uen"}
_BEFORE_N |= {"ua": "uan", "uai": "uen"}
_GLIDES = {
    "w": {"a": "ua", "ai": "uai", "e": "uo", "ei": "uei", "i": "uei", "o": "uo", "ou": "uo"},
    "y": {"a": "ia", "ai": "ie", "e": "ie", "ei": "ie", "o": "iou", "ou": "iou", "u": "iou"},
}
_ALONE = {"l": ("", "er"), "r": ("", "er"), "w": ("", "u"), "y": ("", "i")}
_GLIDES["w"] |= {"an": "uan", "en": "uen", "in": "uen"}
_GLIDES["y"] |= {"an": "ian", "en": "ian", "ang": "iang", "ong": "iong", "uen": "vn"}


def letters(word: str) -> tuple[Sound, ...]:
    """`word` spelt: GPU is zhi, pi, iou."""
    return tuple(sound for letter in _plain(word) for sound in _LETTERS[letter])


@lru_cache(maxsize=65_536)
def read(word: str) -> tuple[Sound, ...]:
    """`word` read by rules; empty when it has no letter from a to z."""
    phones: list[str] = []
    for found in _SPELLING.finditer(_LONG_VOWEL.sub(_lengthened, _plain(word))):
        assert found.lastgroup is not None
        phones += _ORDERED[int(found.lastgroup[1:])]
    sounds: list[Sound] = []
    at = 0
    while at < len(phones):
        taken, sound = _syllable(phones[at : at + 5])
        at += taken
        sounds.append(sound)
    return tuple(sounds)


_ORDERED = tuple(_SOUNDS.values())


def _syllable(phones: list[str]) -> tuple[int, Sound]:
    """The first syllable of at most five phones, and how many of them it takes."""
    initial = "" if phones[0] in _VOWELS else phones[0]
    rest = phones[1:] if initial else phones
    if not rest or rest[0] not in _VOWELS:
        return 1, _ALONE.get(initial, (initial, NEUTRAL))
    vowel, taken = rest[0], len(phones) - len(rest) + 1
    rest = rest[1:]
    if vowel == "u" and rest and rest[0] in _GLIDES["w"]:  # gua, not gu and a
        vowel, taken, rest = _GLIDES["w"][rest[0]], taken + 1, rest[1:]
    if rest and rest[0] in ("n", "m") and (len(rest) == 1 or rest[1] not in _VOWELS):
        vowel, taken = _BEFORE_N.get(vowel, vowel), taken + 1
    if initial in _GLIDES:
        initial, vowel = "", _GLIDES[initial].get(vowel, vowel)
    return taken, (initial, vowel)


def _lengthened(found: re.Match[str]) -> str:
    vowel, consonant, plural = found.groups()
    return _LONG[vowel] + {"c": "s"}.get(consonant, consonant) + plural


def _plain(word: str) -> str:
    """Lower case, a to z only: accents off."""
    apart = unicodedata.normalize("NFKD", word.casefold())
    return "".join(char for char in apart if "a" <= char <= "z")
