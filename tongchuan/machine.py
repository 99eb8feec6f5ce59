"""What this machine has: cores and memory, as the scheduler and the container allow them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

_CGROUP = Path("/sys/fs/cgroup")
_SELF = Path("/proc/self/cgroup")
_MEMINFO = Path("/proc/meminfo")


@dataclass(frozen=True, slots=True)
class Machine:
    """cores: in the machine; usable_cores: for this process, fractions of a quota included.
    memory_bytes: that this process may have; available_bytes: of it, free now. None: unknown."""

    cores: int
    usable_cores: float
    memory_bytes: int | None
    available_bytes: int | None


def look(cgroup: Path = _CGROUP, own: Path = _SELF, meminfo: Path = _MEMINFO) -> Machine:
    """Read it off. The paths are Linux's; elsewhere only the cores are known."""
    cores = os.cpu_count() or 1
    affinity = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else cores
    folders = _folders(cgroup, own)
    quotas = [quota for folder in folders if (quota := _quota(folder)) is not None]
    limits = [room for folder in folders if (room := _room(folder)) is not None]
    total, available = _memory(meminfo)
    for limit, free in limits:
        total = limit if total is None else min(total, limit)
        available = free if available is None else min(available, free)
    return Machine(cores, min([float(affinity), *quotas]), total, available)


def _folders(cgroup: Path, own: Path) -> list[Path]:
    """The control groups of this process, up to the root: a limit of any of them holds.

    Version 2 in the root, version 1 in folders named by controller.
    """
    found = [cgroup, cgroup / "cpu", cgroup / "memory"]
    for line in _text(own).splitlines():
        _number, controllers, name = (*line.split(":", 2), "", "")[:3]
        folder = cgroup / controllers.split(",")[0] / name.lstrip("/")
        while folder != cgroup and cgroup in folder.parents:
            found.append(folder)
            folder = folder.parent
    return list(dict.fromkeys(found))


def _quota(folder: Path) -> float | None:
    """Cores that the group may use at once on average; None without a limit."""
    words = _text(folder / "cpu.max").split()
    if not words:
        words = [_text(folder / f"cpu.cfs_{part}_us").strip() for part in ("quota", "period")]
    if len(words) != 2 or not words[0].isdigit() or not words[1].isdigit() or words[1] == "0":
        return None  # "max", or -1
    return int(words[0]) / int(words[1])


def _room(folder: Path) -> tuple[int, int] | None:
    """Limit and free bytes of the group; None without a limit."""
    for limit_name, used_name in (
        ("memory.max", "memory.current"),
        ("memory.limit_in_bytes", "memory.usage_in_bytes"),
    ):
        limit, used = (_text(folder / name).strip() for name in (limit_name, used_name))
        if limit.isdigit() and int(limit) < 1 << 60:  # version 1 writes a huge number for none
            return int(limit), max(0, int(limit) - (int(used) if used.isdigit() else 0))
    return None


def _memory(meminfo: Path) -> tuple[int | None, int | None]:
    values = {}
    for line in _text(meminfo).splitlines():
        name, _, rest = line.partition(":")
        if rest.split():
            values[name] = rest.split()[0]
    total, available = (values.get(name, "") for name in ("MemTotal", "MemAvailable"))
    return (
        int(total) * 1024 if total.isdigit() else None,
        int(available) * 1024 if available.isdigit() else None,
    )


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, ValueError):
        return ""
