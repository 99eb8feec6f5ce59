"""`python -m evaluation.consistency LOG…`: whether a name that is said again is rendered the same.

A mention is a chunk whose source has the name, by text or by sound. Its rendering is the accepted
one that stands in the chunk's translation; in English else the capitalised words there that go with
this name's mentions most (Dice's coefficient over the recording), each for one name; else none.
Consistency is the share of mentions that have their name's most frequent rendering, right or wrong;
entropy is that of a name's renderings (none is one of them) in bits, weighted by mentions. Names
that are mentioned once tell nothing and do not count.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from evaluation.log import SessionLog, load
from evaluation.recurring import capitals, recurring
from evaluation.terms import occurrences
from models.errors import TongchuanError
from models.speaking.places import parts, places
from tongchuan.events import ChunkFinal

Names = Mapping[str, Sequence[str]]
"""Names as they are said, and the renderings that are right; those may be none."""

_LEAST_MENTIONS = 2
_LEAST_DICE = 0.5


class ConsistencyError(TongchuanError):
    """A list of names cannot be used. Says which line of it, and what a line is."""


@dataclass(frozen=True, slots=True)
class NameUse:
    """One name of a recording. renderings: of its mentions; "" for those without one. accepted:
    how many of them are right."""

    name: str
    renderings: tuple[str, ...]
    accepted: int

    @property
    def usual(self) -> int:
        """Mentions with the most frequent rendering."""
        return max(Counter(filter(None, self.renderings)).values(), default=0)

    @property
    def entropy(self) -> float:
        """Of the renderings, bits; 0 when all are the same."""
        total = len(self.renderings)
        shares = [count / total for count in Counter(self.renderings).values()]
        return sum(share * math.log2(1 / share) for share in shares)


@dataclass(frozen=True, slots=True)
class Consistency:
    """Of the names that are mentioned at least twice."""

    names: tuple[NameUse, ...]

    @property
    def mentions(self) -> int:
        """Of all names together."""
        return sum(len(use.renderings) for use in self.names)

    @property
    def share(self) -> float | None:
        """Mentions with their name's most frequent rendering, 0 to 1; None without names."""
        return self._share(use.usual for use in self.names)

    @property
    def accepted(self) -> float | None:
        """Mentions with a right rendering, 0 to 1; None without names."""
        return self._share(use.accepted for use in self.names)

    @property
    def entropy(self) -> float | None:
        """Bits, averaged over mentions; None without names."""
        return self._share(use.entropy * len(use.renderings) for use in self.names)

    def _share(self, parts: Iterable[float]) -> float | None:
        return sum(parts) / self.mentions if self.names else None


def consistency(chunks: Sequence[tuple[str, str]], names: Names, language: str) -> Consistency:
    """Of `chunks`, source and translation into `language`, in the order of the recording.

    In Chinese only accepted renderings are seen: it has no capitals to tell others by.
    """
    there = _mentioned([source for source, _ in chunks], names)
    groups = capitals([text for _, text in chunks]) if language == "en" else [{} for _ in chunks]
    found: dict[str, list[str]] = {name: [] for name in there}
    accepted: Counter[str] = Counter()
    for at, (_, text) in enumerate(chunks):
        here = [name for name, where in there.items() if at in where]
        right = {name: _right(names[name], text, language) for name in here}
        accepted.update(name for name, rendering in right.items() if rendering)
        taken = [rendering for rendering in right.values() if rendering]
        free = {
            one: within
            for one, within in groups[at].items()
            if not any(_overlap(one, other) for other in taken)
        }
        other = _assigned([name for name in here if not right[name]], free, there, groups)
        for name in here:
            found[name].append(right[name] or other.get(name, ""))
    return Consistency(
        tuple(NameUse(name, tuple(texts), accepted[name]) for name, texts in found.items())
    )


def _mentioned(sources: Sequence[str], names: Names) -> dict[str, list[int]]:
    """Of each name that is said in two sources or more, in which."""
    said = [parts(source) for source in sources]
    there: dict[str, list[int]] = {}
    for name in names:
        wanted = [part for part in parts(name) if part.unit.written]
        where = [at for at, text in enumerate(said) if any(places(wanted, text))]
        if len(where) >= _LEAST_MENTIONS:
            there[name] = where
    return there


def _right(renderings: Sequence[str], text: str, language: str) -> str:
    return next((one for one in renderings if occurrences(one, text, language)), "")


def _assigned(
    names: Sequence[str],
    free: Mapping[str, bool],
    there: Mapping[str, Sequence[int]],
    groups: Sequence[Mapping[str, bool]],
) -> dict[str, str]:
    """For each of a chunk's names one of its free renderings: those that stand within a sentence
    somewhere first, then those that go together most. At a sentence's beginning anything is
    capitalised: what stands only there has to go with the name at half of the occasions."""

    def company(name: str, rendering: str) -> float:
        with_rendering = [at for at, there_too in enumerate(groups) if rendering in there_too]
        both = len(set(there[name]) & set(with_rendering))
        return 2 * both / (len(there[name]) + len(with_rendering))

    pairs = [
        (within, company(name, one), name, one) for name in names for one, within in free.items()
    ]
    chosen: dict[str, str] = {}
    for within, dice, name, one in sorted(pairs, key=lambda pair: pair[:2], reverse=True):
        if name not in chosen and one not in chosen.values() and (within or dice >= _LEAST_DICE):
            chosen[name] = one
    return chosen


def _overlap(one: str, other: str) -> bool:
    return bool(set(one.lower().split()) & set(other.lower().split()))


def read_names(path: Path) -> Names:
    """A list of names, one a line: `马奎尔 = Maguire / Harry Maguire`. Raises ConsistencyError."""
    names: dict[str, Sequence[str]] = {}
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConsistencyError(f"{path} cannot be read: {error}") from None
    for number, line in enumerate(lines, 1):
        name, _, renderings = line.partition("=")
        if not name.strip():
            if line.strip():
                raise ConsistencyError(
                    f"{path}, line {number}: no name before `=`; write `name = rendering / other`"
                )
            continue
        names[name.strip()] = [one.strip() for one in renderings.split("/") if one.strip()]
    return names


def chunks_of(log: SessionLog) -> list[tuple[str, str]]:
    """Source and translation of its chunks, in order."""
    events = (item.event for item in log.received)
    return [(one.source, one.translation) for one in events if isinstance(one, ChunkFinal)]


def main(argv: Sequence[str] | None = None) -> int:
    """0 when measured, 1 when not."""
    parser = argparse.ArgumentParser(prog="python -m evaluation.consistency", description=__doc__)
    parser.add_argument("logs", type=Path, nargs="+", help="logs of replays, as one recording")
    parser.add_argument("--names", type=Path, help="file with a line a name: name = rendering / …")
    parser.add_argument("--target", choices=("en", "zh"), default="en", help="language (en)")
    args = parser.parse_args(argv)
    try:
        chunks = [chunk for path in args.logs for chunk in chunks_of(load(path))]
        names = read_names(args.names) if args.names else recurring(chunks)
    except TongchuanError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(table(consistency(chunks, names, args.target)))
    return 0


def table(found: Consistency) -> str:
    """A line a name, the least consistent first, and all of them."""
    if found.share is None or found.accepted is None or found.entropy is None:
        return "no name is mentioned twice\n"
    lines = ["mentions  share  entropy  name: renderings"]
    for use in sorted(found.names, key=lambda one: one.usual / len(one.renderings)):
        counts = Counter(use.renderings).most_common()
        shown = ", ".join(f"{text or '(none)'} {count}" for text, count in counts)
        share = use.usual / len(use.renderings)
        lines.append(
            f"{len(use.renderings):8}  {share:5.2f}  {use.entropy:7.2f}  {use.name}: {shown}"
        )
    lines.append(
        f"{found.mentions:8}  {found.share:5.2f}  {found.entropy:7.2f}  all; "
        f"accepted renderings {found.accepted:.2f}"
    )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
