"""`tongchuan translate`: one recording through one session, captions and subtitle files out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from models.errors import TongchuanError
from tongchuan import subtitles
from tongchuan.client import Interpreter
from tongchuan.errors import AudioFileError
from tongchuan.events import ErrorEvent, Term
from tongchuan.files import SAMPLE_RATE, Recording, Samples, open_recording, paced
from tongchuan.interrupt import on_interrupt
from tongchuan.reading import in_thread
from tongchuan.session import Session
from tongchuan.terminal import View
from tongchuan.transcript import Transcript
from tongchuan.wav import RawFormat


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asked for. outputs: by format name of `subtitles.FORMATS`.

    glossaries: names, of the server's.
    """

    input: str
    url: str | None = None
    source: str = "zh"
    target: str = "en"
    profile: str | None = None
    terms: tuple[Term, ...] = ()
    glossaries: tuple[str, ...] = ()
    context: str = ""
    api_key: str | None = None
    outputs: Mapping[str, Path] = field(default_factory=dict)
    bilingual: bool = False
    realtime: bool = False
    raw: RawFormat | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """interrupted: by the person, after which all that was heard was still committed.
    errors: chunks or messages that the session lost on its way."""

    interrupted: bool
    errors: int


def translate(options: Options, view: View) -> Outcome:
    """Run it. What was committed is written to the outputs, also when the session then fails.

    Raises TongchuanError; KeyboardInterrupt or CancelledError when the person gave up.
    """
    subtitles.check_writable(list(options.outputs.values()))
    transcript = Transcript()
    with open_recording(options.input, options.raw) as recording:
        try:
            outcome = asyncio.run(_run(options, recording, view, transcript))
        except TongchuanError:
            if transcript.chunks:
                _write(options, transcript)
            raise
    _write(options, transcript)
    return outcome


def _write(options: Options, transcript: Transcript) -> None:
    for name, path in options.outputs.items():
        render = subtitles.FORMATS[name]
        subtitles.write(path, render(transcript, bilingual=options.bilingual))


async def _run(
    options: Options, recording: Recording, view: View, transcript: Transcript
) -> Outcome:
    async with AsyncExitStack() as stack:
        session = await _open(options, view, stack)
        stack.enter_context(view)
        stop = stack.enter_context(
            on_interrupt(lambda: view.note("finishing what was heard; Ctrl-C again to give up"))
        )
        transcript.apply(session.started)
        realtime = options.realtime or options.url is not None  # a server takes it no faster
        errors = await interpret(session, recording, view, transcript, stop, realtime=realtime)
        return Outcome(stop.is_set(), errors)


async def _open(options: Options, view: View, stack: AsyncExitStack) -> Session:
    """The session, on the server if there is an address, else in this process."""
    if options.url is not None:
        return await stack.enter_async_context(
            Interpreter(
                options.url,
                source=options.source,
                target=options.target,
                terms=options.terms,
                glossaries=options.glossaries,
                context=options.context,
                previews=view.previews,
                api_key=options.api_key,
            )
        )
    from models.factory import build_backend
    from models.weights import terminal_progress
    from tongchuan.local import LocalInterpreter
    from tongchuan.settings import models_config

    config = models_config(options.profile)
    backend = build_backend(config, terminal_progress())
    stack.push_async_callback(backend.close)
    view.note("loading the models…")
    await backend.start()
    return await stack.enter_async_context(
        LocalInterpreter(
            backend,
            source=options.source,
            target=options.target,
            terms=options.terms,
            context=options.context,
            previews=view.previews and options.realtime,
            profile=config.profile,
        )
    )


async def interpret(
    session: Session,
    recording: Recording,
    view: View,
    transcript: Transcript,
    stop: asyncio.Event,
    *,
    realtime: bool,
) -> int:
    """Feed `recording` to `session` until it ends or `stop` is set; apply and show all events.

    Returns the number of errors that did not end the session. A recording that turns out damaged
    is raised as AudioFileError only after what came before it was committed.
    """
    try:
        async with asyncio.TaskGroup() as group:
            shown = group.create_task(_show(session, view, transcript))
            fed = group.create_task(_feed(session, recording, view, stop, realtime=realtime))
    except BaseExceptionGroup as failures:
        raise _first(failures) from None
    damage = fed.result()
    if damage is not None:
        raise damage
    return shown.result()


async def _show(session: Session, view: View, transcript: Transcript) -> int:
    errors = 0
    async for event in session:
        transcript.apply(event)
        view.event(event, transcript)
        errors += isinstance(event, ErrorEvent)
    return errors


async def _feed(
    session: Session, recording: Recording, view: View, stop: asyncio.Event, *, realtime: bool
) -> AudioFileError | None:
    """Send all, or what there was until `stop`, then end the session."""
    async with asyncio.TaskGroup() as group:
        pump = group.create_task(_pump(session, recording, view, realtime=realtime))
        stopped = group.create_task(stop.wait())
        await asyncio.wait((pump, stopped), return_when=asyncio.FIRST_COMPLETED)
        pump.cancel()  # waits for input, for the pace or for room: nothing is lost
        stopped.cancel()
    await session.end()
    return None if pump.cancelled() else pump.result()


async def _pump(
    session: Session, recording: Recording, view: View, *, realtime: bool
) -> AudioFileError | None:
    heard_s = 0.0
    async with in_thread(recording.blocks()) as read:
        blocks: AsyncIterator[Samples] = read
        if realtime:
            blocks = paced(blocks, asyncio.get_running_loop().time)
        try:
            async for block in blocks:
                await session.send(block)
                heard_s += len(block) / SAMPLE_RATE
                view.progress(heard_s, recording.duration_s)
        except AudioFileError as damage:
            return damage
    return None


def _first(failures: BaseExceptionGroup[BaseException]) -> BaseException:
    """The exception to tell of: a fault rather than one of ours, which may follow from it."""
    _ours, faults = failures.split(TongchuanError)
    found: BaseException = faults or failures
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    return found
