"""The options of `tongchuan eval`. Imports nothing that only an evaluation needs."""

from __future__ import annotations

import argparse
import math
from pathlib import Path

from evaluation.charge import CHARGES

SPOKEN = ("tongchuan", "simulstream", "whisperlivekit")
"""The names of `evaluation.adapters`."""

DESCRIPTION = "Stream recordings, score what comes, beside the alternatives; print and save it."


def add_options(parser: argparse.ArgumentParser) -> None:
    """What to stream, through what, and where to put the figures."""
    parser.add_argument(
        "recordings",
        nargs="?",
        type=Path,
        help="folder of NAME.flac and NAME.json, a checkout of RealSI, or a manifest",
    )
    parser.add_argument("--audio", type=Path, help="folder of RealSI's recordings")
    parser.add_argument(
        "--only", metavar="PREFIX", help="ids that start so (zh; of a manifest: all)"
    )
    parser.add_argument("--seconds", type=_seconds, help="the first ones of each recording only")
    parser.add_argument(
        "--degrade",
        action="append",
        default=[],
        metavar="HOW",
        help="noise=DB, telephone, reverb=S, speed=X, loss=PERCENT[:gaps]; several add up",
    )
    _add_systems(parser)
    _add_replay(parser)
    _add_judges(parser)
    out = parser.add_argument_group("results")
    out.add_argument("--no-offline", action="store_true", help="leave the offline run out")
    out.add_argument("--out", type=Path, default=Path("out/bench.json"), help="figures as JSON")
    out.add_argument(
        "--against",
        type=Path,
        metavar="JSON",
        help="an earlier --out: fail where this run is worse (see evaluation/gate.py)",
    )
    out.add_argument("--html", type=Path, help="a report for people, one file")
    out.add_argument("--logs", type=Path, help="folder for every event and offline text")
    out.add_argument("--export", type=Path, help="folder for SimulEval's and simulstream's logs")


def _add_systems(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what is measured")
    group.add_argument(
        "--systems",
        type=_names,
        default=[],
        metavar="A,B",
        help="semantic, wait-k, fixed, pause: the cascade under that policy; direct: Whisper's own "
        "translation by LocalAgreement (default: the profile's policy)",
    )
    group.add_argument(
        "--vary",
        action="append",
        default=[],
        metavar="GROUP.KEY=A,B",
        help="each system with each of these settings; several are combined",
    )
    group.add_argument(
        "--sweep",
        action="store_true",
        help="each of --systems (default: all) from quick to patient, and their frontier",
    )


def _add_replay(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("how it is streamed")
    _add_server(group)
    group.add_argument(
        "--speaks", choices=SPOKEN, default=SPOKEN[0], help="what the server at --url speaks"
    )
    group.add_argument("--streams", type=_count, default=1, help="sessions at once (1)")
    group.add_argument("--speed", type=_speed, default=1.0, help="above 1: quality only (1)")
    group.add_argument(
        "--virtual",
        nargs="?",
        const="measured",
        choices=sorted(CHARGES),
        help="in this process with a simulated clock, as fast as the models; what compute costs",
    )
    group.add_argument("--terms", action="store_true", help="give the references' terms along")
    group.add_argument("--no-previews", action="store_true", help="ask for none")


def _add_judges(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what other models say of the translations")
    group.add_argument(
        "--judge",
        metavar="URL",
        help="VIP by an LLM at this OpenAI-compatible base URL, a proxy (see evaluation/vip); its "
        "key, if it wants one, in TONGCHUAN_JUDGE_API_KEY",
    )
    group.add_argument("--judge-model", metavar="NAME", help="the judge's name there")
    group.add_argument(
        "--comet",
        nargs="?",
        const="comet-score",
        metavar="COMMAND",
        help="COMET by this command of an installation of its own (see evaluation/comet.py)",
    )
    group.add_argument(
        "--comet-model",
        default="Unbabel/wmt22-comet-da",
        metavar="NAME",
        help="or a .ckpt file (Unbabel/wmt22-comet-da)",
    )


def _add_server(group: argparse._ActionsContainer) -> None:
    group.add_argument("--profile", default="embedded", help="models and their settings")
    group.add_argument("--url", help="a running server, instead of one of our own")
    group.add_argument("--cores", type=_count, default=2, help="for our own server (2)")


def add_load_options(parser: argparse.ArgumentParser) -> None:
    """Of `tongchuan load`."""
    parser.add_argument(
        "recordings", nargs="?", type=Path, help="folder of NAME.flac and NAME.json"
    )
    parser.add_argument("--only", default="zh", metavar="PREFIX", help="ids that start so (zh)")
    _add_server(parser)
    parser.add_argument("--most", type=_count, default=16, help="streams tried at most (16)")
    parser.add_argument("--seconds", type=_seconds, default=120.0, help="of audio a level (120)")
    parser.add_argument(
        "--stagger", type=_seconds, default=1.5, metavar="S", help="between starts (1.5)"
    )
    parser.add_argument(
        "--lag", type=_seconds, default=5.0, metavar="S", help="what p95 of chunks may lag (5)"
    )
    parser.add_argument("--out", type=Path, default=Path("out/load.json"), help="figures as JSON")


def conflict(args: argparse.Namespace) -> str | None:
    """What of these does not go together, in words; None when all does."""
    if args.virtual and (args.url or args.streams > 1 or args.speed != 1):
        return "--virtual is one session in this process: no --url, --streams or --speed"
    if args.url and (args.systems or args.vary or args.sweep):
        return "--systems, --vary and --sweep are for servers of our own: no --url"
    if args.speaks != SPOKEN[0] and (not args.url or args.terms):
        return "--speaks is for another server at --url, and that takes no --terms"
    if bool(args.judge) != bool(args.judge_model):
        return "--judge and --judge-model belong together"
    if args.sweep and args.vary:
        return "--sweep chooses the settings itself: no --vary"
    if not args.virtual and ("direct" in args.systems or (args.sweep and not args.systems)):
        return "direct is no server: give --virtual, or choose other --systems"
    return None


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _count(text: str) -> int:
    value = int(text)
    if not 1 <= value <= 64:
        raise argparse.ArgumentTypeError(f"{text} is not between 1 and 64")
    return value


def _seconds(text: str) -> float:
    value = float(text)
    if not (math.isfinite(value) and value > 0):
        raise argparse.ArgumentTypeError(f"{text} is not a length")
    return value


def _speed(text: str) -> float:
    value = float(text)
    if not (math.isfinite(value) and 0.1 <= value <= 10):
        raise argparse.ArgumentTypeError(f"{text} is not between 0.1 and 10")
    return value
