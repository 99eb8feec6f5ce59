"""Stream a recording through the public client at the speed it was spoken, and log what comes."""

from __future__ import annotations

from collections.abc import Sequence

from evaluation.conversation import converse
from evaluation.log import Received, SessionLog
from evaluation.recordings import RATE, Recording
from tongchuan import Interpreter, Term
from tongchuan.events import Event


async def replay(
    recording: Recording,
    url: str,
    *,
    speed: float = 1.0,
    terms: Sequence[Term] = (),
    context: str = "",
    previews: bool = True,
) -> SessionLog:
    """One session over a real socket.

    speed: above 1 for a quick look at quality; a server closes the session (4429) when it is left
    too far behind.
    Raises RecordingError, the client's errors, and ReplayError when the server never ends.
    """
    samples = recording.samples()
    received: list[Received] = []
    session = Interpreter(
        url,
        source=recording.source,
        target=recording.target,
        terms=terms,
        context=context,
        previews=previews,
    )

    def heard(at_s: float, sent_ms: int, event: Event) -> None:
        received.append(Received(at_s, sent_ms, event))

    await converse(recording.id, samples, session, speed, heard)
    return SessionLog(recording.id, len(samples) / RATE, speed, tuple(received))
