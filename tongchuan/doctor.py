"""`tongchuan doctor`: what this machine has, what is missing, and the command that mends it."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import platform
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from models.config import ModelsConfig
from models.errors import TongchuanError
from models.interpreter import Capacity, InterpreterBackend
from tongchuan import __version__, machine

Status = Literal["ok", "note", "missing"]
OLDEST_PYTHON = (3, 11)
_LEAST_CORES = 2.0
_ROOM_BYTES = 1 << 30
"""Memory beside the weights: activations, caches, Python."""


@dataclass(frozen=True, slots=True)
class Check:
    """One finding. status: "missing" is needed and not there; "note" is good to know.
    fix: the exact command, or what to do; "" when there is nothing to mend."""

    name: str
    status: Status
    detail: str
    fix: str = ""


def examine(
    config: ModelsConfig,
    host: str,
    port: int,
    build: Callable[[ModelsConfig], InterpreterBackend] | None,
) -> list[Check]:
    """All checks, in the order to read them. build: None does not load the models to measure."""
    here = machine.look()
    checks = [
        Check("tongchuan", "ok", __version__),
        _python(),
        _cores(here),
        *_weights(config, here),
        *_acceleration(config),
        *_extras(),
        _port(host, port),
    ]
    if any(check.status == "missing" and check.name.startswith("model") for check in checks):
        checks.append(Check("capacity", "note", "not measured: model files are missing"))
    elif build is None:
        checks.append(Check("capacity", "note", "not measured, as asked"))
    else:
        checks.append(_capacity(build(config)))
    return checks


def as_json(checks: list[Check]) -> str:
    """`{"ok": …, "checks": [{name, status, detail, fix}]}`."""
    document = {"ok": healthy(checks), "checks": [asdict(check) for check in checks]}
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def as_text(checks: list[Check]) -> str:
    """A line a check, the fix under it."""
    signs = {"ok": "ok", "note": "--", "missing": "!!"}
    columns = max(len(check.name) for check in checks)
    lines = []
    for check in checks:
        lines.append(f"{signs[check.status]}  {check.name.ljust(columns)}  {check.detail}")
        if check.fix:
            lines.append(f"    {' ' * columns}  → {check.fix}")
    lines.append("All that is needed is here." if healthy(checks) else "Something is missing.")
    return "\n".join(lines) + "\n"


def healthy(checks: list[Check]) -> bool:
    """Whether nothing that is needed is missing."""
    return all(check.status != "missing" for check in checks)


def _python() -> Check:
    version = platform.python_version()
    detail = f"{version} ({platform.python_implementation()}, {sys.prefix})"
    if sys.version_info < OLDEST_PYTHON:
        return Check("python", "missing", detail, "install Python 3.11 or newer")
    return Check("python", "ok", detail)


def _cores(here: machine.Machine) -> Check:
    detail = f"{here.usable_cores:g} usable of {here.cores}"
    if here.usable_cores < _LEAST_CORES:
        fix = "allow this process two cores (CPU quota of the container, affinity)"
        return Check("cores", "note", f"{detail}; one session needs about two to keep up", fix)
    return Check("cores", "ok", detail)


def _weights(config: ModelsConfig, here: machine.Machine) -> Iterator[Check]:
    """Memory, disk and each model file of the profile."""
    from models.weights import inspect
    from models.weights.manifest import load_manifest

    needed_bytes, absent_bytes = 0, 0
    checks = []
    embedded = [config.recogniser.model]
    if config.llm.engine == "embedded":
        embedded.append(config.llm.model)
    for name in embedded:
        if Path(name).exists():
            checks.append(Check(f"model {Path(name).name}", "ok", f"{name} (your own file)"))
            continue
        try:
            size = load_manifest().model(name).size
            place, reports = inspect(name, config.weights)
        except TongchuanError as error:
            checks.append(Check(f"model {name}", "missing", str(error)))
            continue
        needed_bytes += size
        states = {report.state for report in reports}
        wrong = [report for report in reports if report.state in ("missing", "damaged")]
        if wrong:
            absent_bytes += sum(report.entry.size for report in wrong)
            detail = f"{wrong[0].state}: {wrong[0].path}" + (
                f" and {len(wrong) - 1} more files" if len(wrong) > 1 else ""
            )
            fix = f"tongchuan models fetch {name}"
            checks.append(Check(f"model {name}", "missing", detail, fix))
        elif "unverified" in states:
            fix = f"tongchuan models verify {name}"
            detail = f"{place.path}, not verified yet"
            checks.append(Check(f"model {name}", "note", detail, fix))
        else:
            checks.append(Check(f"model {name}", "ok", f"{place.path}, verified"))
    yield _memory(here, needed_bytes)
    yield _disk(config.weights.root, absent_bytes)
    yield from checks


def _memory(here: machine.Machine, weights_bytes: int) -> Check:
    if here.memory_bytes is None or here.available_bytes is None:
        return Check("memory", "note", "unknown on this system")
    needed = weights_bytes + _ROOM_BYTES
    detail = f"{_size(here.available_bytes)} free of {_size(here.memory_bytes)}"
    if here.memory_bytes < needed:
        fix = "give the machine or container more, or use the small profile: --profile small"
        return Check("memory", "missing", f"{detail}; about {_size(needed)} are needed", fix)
    if here.available_bytes < needed:
        fix = "stop other programs"
        return Check("memory", "note", f"{detail}; about {_size(needed)} are needed", fix)
    return Check("memory", "ok", f"{detail}; about {_size(needed)} are needed")


def _disk(folder: Path, absent_bytes: int) -> Check:
    present = folder
    while not present.exists() and present != present.parent:
        present = present.parent
    try:
        free = shutil.disk_usage(present).free
    except OSError as error:
        return Check("disk", "missing", f"{folder}: {error.strerror}", "set TONGCHUAN_CACHE_DIR")
    needed = absent_bytes * 2  # what is downloaded, beside what is put together from it
    detail = f"{_size(free)} free in {folder}"
    if free < needed:
        fix = "free some space there, or set TONGCHUAN_CACHE_DIR to another folder"
        return Check("disk", "missing", f"{detail}; {_size(needed)} are needed", fix)
    return Check("disk", "ok", detail)


def _acceleration(config: ModelsConfig) -> Iterator[Check]:
    try:
        import ctranslate2
    except ImportError as error:
        fix = "pip install ctranslate2"
        yield Check("ctranslate2", "missing", f"cannot be imported: {error}", fix)
        return
    device = config.recogniser.device
    gpus = ctranslate2.get_cuda_device_count()
    if device == "cuda" and not gpus:
        fix = "install the NVIDIA driver, or use a CPU: --profile embedded"
        yield Check("cuda", "missing", "no CUDA device, and the profile wants one", fix)
        return
    yield Check(
        "cuda", "ok" if gpus else "note", f"{gpus} devices" if gpus else "none (not needed)"
    )
    types = sorted(ctranslate2.get_supported_compute_types(device))
    wanted = config.recogniser.compute_type
    detail = f"{ctranslate2.__version__} on {device}: {', '.join(types)}"
    if wanted not in types and wanted not in ("auto", "default"):
        fix = f"set TONGCHUAN_RECOGNISER__COMPUTE_TYPE to one of: {', '.join(types)}"
        yield Check("ctranslate2", "missing", f"{detail}; the profile wants {wanted}", fix)
    else:
        yield Check("ctranslate2", "ok", detail)


def _extras() -> Iterator[Check]:
    for extra, modules in (
        ("speed", ("uvloop", "httptools")),
        ("bench", ("omnisteval", "sacrebleu", "psutil")),
    ):
        absent = [name for name in modules if importlib.util.find_spec(name) is None]
        if absent:
            fix = f"pip install 'tongchuan[{extra}]'"
            detail = f"without {', '.join(absent)} (optional)"
            yield Check(f"extra {extra}", "note", detail, fix)
        else:
            yield Check(f"extra {extra}", "ok", ", ".join(modules))


def _port(host: str, port: int) -> Check:
    name = f"port {port}"
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.create_server(address[:2], family=family):
            return Check(name, "ok", f"free on {host}")
    except OSError as error:
        fix = f"tongchuan serve --port 0, or stop what uses it: ss -ltnp 'sport = :{port}'"
        return Check(name, "note", f"cannot be used on {host}: {error.strerror or error}", fix)


def _capacity(backend: InterpreterBackend) -> Check:
    """Load the models and measure, as the server does at its start."""
    try:
        capacity = asyncio.run(_measure(backend))
    except TongchuanError as error:
        return Check("capacity", "missing", f"the models do not start: {error}")
    details = "".join(f", {name} {value:.3g}" for name, value in capacity.details.items())
    sessions = f"{capacity.sessions} session{'s' if capacity.sessions != 1 else ''} at once"
    detail = f"{sessions}; one takes {capacity.share:.2f} of real time{details}"
    if capacity.share >= 1.0 or not capacity.sessions:
        fix = "use the small profile (--profile small), or more cores"
        return Check("capacity", "note", f"{detail}: too slow to keep up", fix)
    return Check("capacity", "ok", detail)


async def _measure(backend: InterpreterBackend) -> Capacity:
    try:
        return await backend.start()
    finally:
        await backend.close()


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"
