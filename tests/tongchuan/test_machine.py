"""What a container allows is what counts."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tongchuan.machine import look

GIB = 1 << 30


def tree(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


MEMINFO = f"MemTotal: {8 * GIB // 1024} kB\nMemFree: 1 kB\nMemAvailable: {6 * GIB // 1024} kB\n"


@pytest.fixture(autouse=True)
def _four_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {0, 1, 2, 3}, raising=False)


def seen(root: Path) -> tuple[int, float, int | None, int | None]:
    machine = look(root / "cgroup", root / "self", root / "meminfo")
    return (
        machine.cores,
        machine.usable_cores,
        machine.memory_bytes,
        machine.available_bytes,
    )


def test_no_limits(tmp_path: Path) -> None:
    tree(tmp_path, {"meminfo": MEMINFO, "cgroup/cpu.max": "max 100000\n"})
    assert seen(tmp_path) == (8, 4.0, 8 * GIB, 6 * GIB)


def test_nothing_can_be_read(tmp_path: Path) -> None:
    assert seen(tmp_path) == (8, 4.0, None, None)


def test_a_quota_in_the_root_of_a_container(tmp_path: Path) -> None:
    files = {
        "meminfo": MEMINFO,
        "cgroup/cpu.max": "150000 100000\n",
        "cgroup/memory.max": f"{2 * GIB}\n",
        "cgroup/memory.current": f"{GIB}\n",
    }
    tree(tmp_path, files)
    assert seen(tmp_path) == (8, 1.5, 2 * GIB, GIB)


def test_a_limit_of_a_group_above_ours(tmp_path: Path) -> None:
    files = {
        "meminfo": MEMINFO,
        "self": "0::/system.slice/tongchuan.service\n",
        "cgroup/system.slice/cpu.max": "200000 100000",
        "cgroup/system.slice/tongchuan.service/cpu.max": "max 100000",
        "cgroup/system.slice/tongchuan.service/memory.max": str(3 * GIB),
        "cgroup/system.slice/tongchuan.service/memory.current": str(4 * GIB),
    }
    tree(tmp_path, files)
    assert seen(tmp_path) == (8, 2.0, 3 * GIB, 0)


def test_version_1(tmp_path: Path) -> None:
    files = {
        "meminfo": MEMINFO,
        "self": "5:cpu,cpuacct:/docker/abc\n4:memory:/docker/abc\n",
        "cgroup/cpu/docker/abc/cpu.cfs_quota_us": "50000\n",
        "cgroup/cpu/docker/abc/cpu.cfs_period_us": "100000\n",
        "cgroup/cpu/cpu.cfs_quota_us": "-1\n",
        "cgroup/cpu/cpu.cfs_period_us": "100000\n",
        "cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
        "cgroup/memory/docker/abc/memory.limit_in_bytes": f"{GIB}\n",
        "cgroup/memory/docker/abc/memory.usage_in_bytes": "1024\n",
    }
    tree(tmp_path, files)
    assert seen(tmp_path) == (8, 0.5, GIB, GIB - 1024)


def test_nonsense_is_no_limit(tmp_path: Path) -> None:
    files = {"meminfo": "MemTotal:\nwhat", "self": "x\n::\n", "cgroup/cpu.max": "0 0"}
    tree(tmp_path, files)
    assert seen(tmp_path) == (8, 4.0, None, None)
