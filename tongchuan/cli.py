"""The `tongchuan` command. Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from evaluation.options import DESCRIPTION, add_load_options, add_options, conflict
from models.errors import TongchuanError
from tongchuan import __version__, glossaries_cli, models_cli
from tongchuan.events import Term

if TYPE_CHECKING:
    from models.config import ModelsConfig
    from models.interpreter import InterpreterBackend

DONE, FAILED, INTERRUPTED = 0, 1, 130
_PROFILE_HELP = "models and their settings (or TONGCHUAN_PROFILE; default embedded)"
_RAW_ENCODINGS = ("pcm_s16le", "pcm_f32le", "mulaw", "alaw")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Errors are one line on standard error; with `-v` also a traceback."""
    args = _parser().parse_args(argv)
    try:
        return int(args.run(args))
    except TongchuanError as error:
        failure: Exception = error
        message = str(error)
    except (KeyboardInterrupt, asyncio.CancelledError):
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the program's edge
        failure = error
        message = f"a fault in tongchuan: {type(error).__name__}: {error} (more with -v)"
    if args.verbose:
        traceback.print_exception(failure)
    sys.stderr.write(f"tongchuan: {message}\n")
    return FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tongchuan", description="Simultaneous speech interpretation, Chinese and English."
    )
    parser.add_argument("--version", action="version", version=f"tongchuan {__version__}")
    parser.add_argument(
        "-v", "--verbose", action="store_true", help="show where an error came from"
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_serve(commands)
    _add_translate(commands)
    glossaries_cli.add_parser(commands)
    models_cli.add_parser(commands)
    _add_doctor(commands)
    _add_eval(commands)
    _add_load(commands)
    return parser


_Commands = argparse._SubParsersAction


def _add_serve(commands: _Commands[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("serve", help="serve the page and the WebSocket")
    parser.add_argument("--host", help="address to listen on (or HOST; default 127.0.0.1)")
    parser.add_argument("--port", type=int, help="port, 0 for any free one (or PORT; default 8000)")
    parser.add_argument("--profile", help=_PROFILE_HELP)
    parser.add_argument(
        "--max-sessions", type=int, metavar="N", help="sessions at once (default: as measured)"
    )
    parser.set_defaults(run=_serve)


def _add_translate(commands: _Commands[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "translate",
        help="interpret a recording or standard input",
        description="Interpret a recording: captions on the terminal, subtitles into files.",
    )
    parser.add_argument("input", metavar="FILE|-", help="any audio libsndfile reads; - for a pipe")
    parser.add_argument("--url", metavar="WS", help="a running server; none: in this process")
    parser.add_argument("--source", default="zh", help="language spoken: zh, en, auto (zh)")
    parser.add_argument("--target", default="en", help="language to read: en, zh (en)")
    parser.add_argument("--profile", help=_PROFILE_HELP + "; only without --url")
    parser.add_argument(
        "--term", action="append", default=[], type=_term, metavar="A=B", help="render A as B"
    )
    parser.add_argument(
        "--glossary",
        action="append",
        default=[],
        metavar="NAME",
        help="use this glossary of the server; again for more, the first wins; needs --url",
    )
    parser.add_argument("--context", default="", help="what the talk is about, in free words")
    for name, what in (("srt", "SubRip"), ("vtt", "WebVTT"), ("txt", "text"), ("json", "JSON")):
        parser.add_argument(f"--{name}", type=Path, metavar="OUT", help=f"write {what}")
    parser.add_argument("--bilingual", action="store_true", help="show and write both languages")
    parser.add_argument(
        "--realtime", action="store_true", help="at the speed of speech (always so with --url)"
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="no captions")
    raw = parser.add_argument_group("headerless audio")
    raw.add_argument("--raw-encoding", choices=_RAW_ENCODINGS, help="its samples")
    raw.add_argument("--rate", type=int, default=16_000, help="samples a second (16000)")
    raw.add_argument("--channels", type=int, default=1, help="channels (1)")
    parser.set_defaults(run=_translate, usage=parser.error)


def _add_doctor(commands: _Commands[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "doctor", help="what this machine can hold, what is missing, and what mends it"
    )
    parser.add_argument("--profile", help=_PROFILE_HELP)
    parser.add_argument("--host", help="where the server would listen (or HOST)")
    parser.add_argument("--port", type=int, help="the port it would take (or PORT)")
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument(
        "--no-measure", action="store_true", help="do not load the models to measure them"
    )
    parser.set_defaults(run=_doctor)


def _add_eval(commands: _Commands[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "eval", help="how good and how fast, beside the alternatives", description=DESCRIPTION
    )
    add_options(parser)
    parser.set_defaults(run=_eval, usage=parser.error)


def _add_load(commands: _Commands[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "load",
        help="how many sessions a server holds",
        description="More and more streams at real speed, until their chunks lag too much.",
    )
    add_load_options(parser)
    parser.set_defaults(run=_load)


def _term(text: str) -> Term:
    source, separator, target = (part.strip() for part in text.partition("="))
    if not (source and separator and target):
        raise argparse.ArgumentTypeError(f"{text!r} is not a term; write SOURCE=TARGET")
    return Term(source, target)


def _serve(args: argparse.Namespace) -> int:
    from models.factory import build_backend
    from models.weights import terminal_progress
    from server import serve
    from server.config import load_settings
    from tongchuan.settings import models_config

    overrides = {name: getattr(args, name) for name in ("host", "port", "profile", "max_sessions")}
    settings = load_settings(**overrides)
    backend = build_backend(models_config(settings.profile), terminal_progress())
    serve.run(settings, backend)
    return DONE


def _translate(args: argparse.Namespace) -> int:
    if args.glossary and args.url is None:
        args.usage("--glossary names a glossary of a server: say --url too")
    from tongchuan import files, terminal, translate

    raw = None
    if args.raw_encoding is not None:
        raw = files.raw_format(args.raw_encoding, args.rate, args.channels)
    options = translate.Options(
        input=args.input,
        url=args.url,
        source=args.source,
        target=args.target,
        profile=args.profile,
        terms=tuple(args.term),
        glossaries=tuple(args.glossary),
        context=args.context,
        api_key=os.environ.get("TONGCHUAN_API_KEY") or None,
        outputs={
            name: path
            for name in ("srt", "vtt", "txt", "json")
            if (path := getattr(args, name)) is not None
        },
        bilingual=args.bilingual,
        realtime=args.realtime,
        raw=raw,
    )
    view = terminal.make_view(quiet=args.quiet, bilingual=args.bilingual)
    outcome = translate.translate(options, view)
    if outcome.interrupted:
        return INTERRUPTED
    if outcome.errors:
        raise TongchuanError("parts could not be interpreted, see the errors above")
    return DONE


def _eval(args: argparse.Namespace) -> int:
    wrong = conflict(args)
    if wrong:
        args.usage(wrong)
    from rich.console import Console

    with _bench_installed():
        from evaluation.bench import evaluate
    return DONE if evaluate(args, Console()) else FAILED


def _load(args: argparse.Namespace) -> int:
    from rich.console import Console

    with _bench_installed():
        from evaluation import load
    load.run(args, Console())
    return DONE


@contextmanager
def _bench_installed() -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        raise TongchuanError(
            f"{error.name} is not installed: `make install-dev`, or install tongchuan[bench]"
        ) from None


def _doctor(args: argparse.Namespace) -> int:
    from server.config import load_settings
    from tongchuan import doctor
    from tongchuan.settings import models_config

    build: Callable[[ModelsConfig], InterpreterBackend] | None = None
    if not args.no_measure:
        from models.factory import build_backend as build
    settings = load_settings(host=args.host, port=args.port)
    checks = doctor.examine(
        models_config(args.profile),
        settings.host,
        settings.port,
        build,
    )
    sys.stdout.write(doctor.as_json(checks) if args.json else doctor.as_text(checks))
    return DONE if doctor.healthy(checks) else FAILED
