"""`python -m evaluation.stream URL JSON ID SECONDS`: one client of a load test, in its own process.

Prints what came of it as a line of JSON, whatever that was.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from evaluation import recordings
from evaluation.replay import replay
from evaluation.timing import lags_s
from models.errors import TongchuanError
from tongchuan.errors import ServerFullError
from tongchuan.events import ErrorEvent


@dataclass(frozen=True, slots=True)
class Stream:
    """One client's session. lags_s: of its chunks, in order. refused: the server was full.

    error: why it failed, or the first error event; None for none.
    """

    lags_s: tuple[float, ...] = ()
    refused: bool = False
    error: str | None = None


async def stream(url: str, note: Path, seconds: float) -> Stream:
    """The first `seconds` of the recording described by `note`, at the speed of speech."""
    try:
        recording = recordings.load(note)
        log = await replay(recording.first(min(seconds, recording.duration_s)), url)
    except ServerFullError:
        return Stream(refused=True)
    except TongchuanError as error:
        return Stream(error=str(error))
    errors = [i.event.message for i in log.received if isinstance(i.event, ErrorEvent)]
    return Stream(tuple(lags_s(log)), error=errors[0] if errors else None)


def main(argv: Sequence[str]) -> int:
    """Always 0: what went wrong is in the JSON."""
    url, note, seconds = argv
    found = asyncio.run(stream(url, Path(note), float(seconds)))
    sys.stdout.write(json.dumps(asdict(found), ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
