"""What a session core takes in and what it asks for: inputs, actions, outbound events."""

from __future__ import annotations

from dataclasses import dataclass

from models.events import AudioInput, Glossaries, InterpreterEvent, SessionSpec
from server.errors import BadMessageError
from server.events import AudioAck, ErrorReport, Started
from server.messages import ClientMessage
from server.wire import CloseCode


@dataclass(frozen=True, slots=True)
class Identity:
    """What a session is told apart by. The token is a secret of the client's."""

    session_id: str
    resume_token: str
    profile: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a client cannot have a session now."""

    code: str
    message: str
    close: CloseCode
    retry_after_s: int | None = None


# Inputs


@dataclass(frozen=True, slots=True)
class AudioFrame:
    """A binary frame. `waiting_s` is the audio that the interpreter has not taken yet."""

    data: bytes
    waiting_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Invalid:
    """A text frame that is no message."""

    error: BadMessageError


@dataclass(frozen=True, slots=True)
class Oversize:
    """A frame over its limit; `kind` is "text" or "binary"."""

    kind: str
    size: int
    limit: int


@dataclass(frozen=True, slots=True)
class Refused:
    """The server turns the client away before the session starts."""

    refusal: Refusal


@dataclass(frozen=True, slots=True)
class Drain:
    """The server shuts down."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """`Session.deadline` has passed."""


@dataclass(frozen=True, slots=True)
class Done:
    """The interpreter has returned."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The interpreter has raised."""

    error: BaseException


@dataclass(frozen=True, slots=True)
class Lent:
    """The answer to `Borrow`. `faults`: what the client is told of names that cannot be used."""

    glossaries: Glossaries
    faults: tuple[ErrorReport, ...] = ()


@dataclass(frozen=True, slots=True)
class GlossaryDeleted:
    """A glossary that the session uses was deleted; it keeps the terms it has."""

    name: str


Input = (
    ClientMessage
    | AudioFrame
    | Invalid
    | Oversize
    | Refused
    | Drain
    | Deadline
    | Done
    | Failed
    | Lent
    | GlossaryDeleted
)


# Outbound events: what the core completes as it leaves


@dataclass(frozen=True, slots=True)
class EndMark:
    """Becomes `session.ended`, whose counts include everything sent before it."""


Outbound = InterpreterEvent | Started | AudioAck | ErrorReport | EndMark


# Actions


@dataclass(frozen=True, slots=True)
class Borrow:
    """Have the glossaries of these names ready, for a session that is read in `target`."""

    names: tuple[str, ...]
    target: str


@dataclass(frozen=True, slots=True)
class Open:
    """Open an interpreter for this session."""

    spec: SessionSpec


@dataclass(frozen=True, slots=True)
class Feed:
    """Hand this to the interpreter."""

    item: AudioInput


@dataclass(frozen=True, slots=True)
class EndInput:
    """No more audio will come: close the interpreter's input."""


@dataclass(frozen=True, slots=True)
class Emit:
    """Send this to the client."""

    event: Outbound


@dataclass(frozen=True, slots=True)
class Close:
    """Close the socket after what was emitted; stop the interpreter if it still works."""

    code: CloseCode
    reason: str = ""


Action = Borrow | Open | Feed | EndInput | Emit | Close
