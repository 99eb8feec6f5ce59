"""Syllables as vectors whose squared distances say how easily a recogniser takes one for another.

Articulatory features, weighted: what differs in voicing or aspiration only, in -n and -ng, or in
retroflexion, is near; a tone counts for little. Two syllables with nothing in common are about 1
apart, and one that is missing costs `INDEL`.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from models.recall.latin import NEUTRAL
from models.recall.syllables import Syllable

INDEL = 0.6
"""What a syllable costs that only one side has."""

_PLACES = ("labial", "alveolar", "palatal", "velar")
_MANNERS = ("stop", "affricate", "fricative", "nasal", "lateral")
_INITIALS = {
    name: (place, manner, aspirated, retroflex)
    for name, place, manner, aspirated, retroflex in (
        ("b", "labial", "stop", 0, 0),
        ("p", "labial", "stop", 1, 0),
        ("m", "labial", "nasal", 0, 0),
        ("f", "labial", "fricative", 0, 0),
        ("d", "alveolar", "stop", 0, 0),
        ("t", "alveolar", "stop", 1, 0),
        ("n", "alveolar", "nasal", 0, 0),
        ("l", "alveolar", "lateral", 0, 0),
        ("g", "velar", "stop", 0, 0),
        ("k", "velar", "stop", 1, 0),
        ("h", "velar", "fricative", 0, 0),
        ("j", "palatal", "affricate", 0, 0),
        ("q", "palatal", "affricate", 1, 0),
        ("x", "palatal", "fricative", 0, 0),
        ("z", "alveolar", "affricate", 0, 0),
        ("c", "alveolar", "affricate", 1, 0),
        ("s", "alveolar", "fricative", 0, 0),
        ("zh", "alveolar", "affricate", 0, 1),
        ("ch", "alveolar", "affricate", 1, 1),
        ("sh", "alveolar", "fricative", 0, 1),
        ("r", "alveolar", "lateral", 0, 1),
    )
}
_PLACE, _MANNER, _ASPIRATED, _RETROFLEX = 0.33, 0.33, 0.3, 0.15  # weights of an initial's parts

_MEDIALS = {"i": (1.0, 0.0), "u": (0.0, 1.0), "v": (1.0, 0.6)}
_NUCLEI = {  # openness, backness, rounding
    "a": (1.0, 0.5, 0.0),
    "o": (0.5, 1.0, 1.0),
    "e": (0.5, 0.7, 0.0),
    "ê": (0.6, 0.1, 0.0),
    "i": (0.0, 0.0, 0.0),
    "u": (0.0, 1.0, 1.0),
    "v": (0.0, 0.0, 0.8),
    NEUTRAL: (0.25, 0.5, 0.2),
}
_CODAS = {"i": (1.0, 0.0, 0.0, 0.0), "u": (0.0, 1.0, 0.0, 0.0), "r": (0.0, 0.0, 0.0, 1.0)}
_CODAS |= {"n": (0.0, 0.0, 1.0, 0.0), "ng": (0.0, 0.25, 1.0, 0.0), "": (0.0, 0.0, 0.0, 0.0)}
_MEDIAL, _NUCLEUS, _CODA = 0.28, 0.5, 0.36  # weights of a final's parts
_FINALS = {  # medial, nucleus, coda
    name: tuple(parts.split(","))
    for name, _, parts in (
        entry.partition("=")
        for entry in """
        a=,a, ai=,a,i an=,a,n ang=,a,ng ao=,a,u e=,e, ei=,ê,i en=,e,n eng=,e,ng er=,e,r i=,i,
        ia=i,a, ian=i,ê,n iang=i,a,ng iao=i,a,u ie=i,ê, in=,i,n ing=,i,ng iong=v,o,ng iou=i,o,u
        o=,o, ong=,o,ng ou=,o,u u=,u, ua=u,a, uai=u,a,i uan=u,a,n uang=u,a,ng uei=u,ê,i
        uen=u,e,n ueng=u,e,ng uo=u,o, v=,v, van=v,ê,n ve=v,ê, vn=,v,n ê=,ê, -=,-,
        """.split()
    )
}
_TONES = {0: (0.5, 0.5), 1: (1.0, 1.0), 2: (0.3, 1.0), 3: (0.2, 0.2), 4: (1.0, 0.0), 5: (0.5, 0.3)}
_TONE = 0.22  # its weight

DIM = len(_PLACES) + len(_MANNERS) + 2 + 2 + 3 + 4 + 2
"""Numbers a syllable."""


def row(syllable: Syllable) -> int:
    """In `TABLE`."""
    initial = _INITIAL_ROWS.get(syllable.initial, 0)
    final = _FINAL_ROWS.get(syllable.final, 0)
    return (initial * len(_FINAL_ROWS) + final) * len(_TONES) + syllable.tone


def vector(syllable: Syllable) -> NDArray[np.float32]:
    """Shape (DIM,), read-only."""
    found: NDArray[np.float32] = TABLE[row(syllable)]
    return found


def vectors(syllables: Iterable[Syllable]) -> NDArray[np.float32]:
    """Shape (n, DIM)."""
    found: NDArray[np.float32] = TABLE[[row(syllable) for syllable in syllables]]
    return found


def _initial(name: str) -> NDArray[np.float64]:
    parts = _INITIALS.get(name)
    found = np.zeros(len(_PLACES) + len(_MANNERS) + 2)
    if parts is not None:
        place, manner, aspirated, retroflex = parts
        found[_PLACES.index(place)] = _PLACE
        found[len(_PLACES) + _MANNERS.index(manner)] = _MANNER
        found[-2:] = _ASPIRATED * aspirated, _RETROFLEX * retroflex
    return found


def _final(name: str) -> NDArray[np.float64]:
    if name not in _FINALS:  # a character without a known reading
        return np.zeros(9)
    medial, nucleus, coda = _FINALS[name]
    return np.concatenate(
        [
            np.multiply(_MEDIALS.get(medial, (0.0, 0.0)), _MEDIAL),
            np.multiply(_NUCLEI[nucleus], _NUCLEUS),
            np.multiply(_CODAS[coda], _CODA),
        ]
    )


def _tone(tone: int) -> NDArray[np.float64]:
    return np.multiply(_TONES[tone], _TONE)


# What has no entry (a character without a known reading) has no sound.
_INITIAL_ROWS = {name: at for at, name in enumerate(("", *_INITIALS))}
_FINAL_ROWS = {name: at for at, name in enumerate(("", *_FINALS))}
TABLE = np.array(
    [
        np.concatenate([_initial(initial), _final(final), _tone(tone)])
        for initial in _INITIAL_ROWS
        for final in _FINAL_ROWS
        for tone in _TONES
    ],
    np.float32,
)
"""The vectors of all syllables there are, shape (rows, DIM)."""
TABLE.setflags(write=False)
