"""The lockfiles: complete, hashed, and from nowhere in particular."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCKS = ("build", "run", "dev", "gpu", "postgres", "alternatives")
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")
ACCELERATOR = re.compile(r"^(nvidia|cuda|cupy|triton|torch|tensorflow|jax)")


def _entries(name: str) -> Iterator[tuple[Requirement, int]]:
    """Each requirement of a lockfile with how many hashes it has."""
    text = (ROOT / "requirements" / f"{name}.lock").read_text().replace("\\\n", " ")
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            yield Requirement(line.split(" --hash")[0]), len(HASH.findall(line))


def _pins(name: str) -> dict[str, set[str]]:
    pins: dict[str, set[str]] = {}
    for requirement, _ in _entries(name):
        pins.setdefault(canonicalize_name(requirement.name), set()).add(str(requirement.specifier))
    return pins


def _project() -> dict[str, list[str]]:
    """Direct requirements by lockfile, from pyproject.toml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    run = [*project["dependencies"], *extras["speed"]]
    postgres = extras["postgres"]
    return {
        "run": run,
        "dev": [*run, *extras["bench"], *postgres, *extras["dev"]],
        "postgres": postgres,
    }


@pytest.mark.parametrize("name", LOCKS)
def test_every_entry_is_pinned_and_hashed(name: str) -> None:
    entries = list(_entries(name))
    assert entries
    for requirement, hashes in entries:
        assert re.fullmatch(r"==[^*,]+", str(requirement.specifier)), requirement
        assert hashes >= 1, f"{requirement} has no hash: make lock"


@pytest.mark.parametrize("name", LOCKS)
def test_no_registry_is_named(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.lock").read_text()
    assert not re.search(r"://|index-url|find-links|trusted-host|file:", text)


@pytest.mark.parametrize("name", ["build", "run", "dev", "postgres"])
def test_nothing_for_an_accelerator(name: str) -> None:
    assert not [pin for pin in _pins(name) if ACCELERATOR.match(pin)]


def test_the_alternatives_have_pytorch_for_cpus_alone() -> None:
    pins = _pins("alternatives")
    found = {name: versions for name, versions in pins.items() if ACCELERATOR.match(name)}
    assert list(found) == ["torch"]
    assert all(version.endswith("+cpu") for version in found["torch"])


@pytest.mark.parametrize("name", ["run", "dev", "postgres"])
def test_the_lock_satisfies_the_project(name: str) -> None:
    pins = _pins(name)
    for line in _project()[name]:
        wanted = Requirement(line)
        if wanted.name == "tongchuan":
            continue
        locked = pins.get(canonicalize_name(wanted.name))
        assert locked, f"{wanted.name} is in pyproject.toml and not in {name}.lock: make lock"
        for pin in locked:
            version = pin.removeprefix("==")
            assert wanted.specifier.contains(version), f"{wanted} but {version}: make lock"


def test_the_development_lock_only_adds_to_the_running_one() -> None:
    run, dev = _pins("run"), _pins("dev")
    assert {name: dev.get(name) for name in run} == run


def test_what_is_added_for_postgresql_fits_the_running_lock() -> None:
    run, postgres = _pins("run"), _pins("postgres")
    assert "psycopg-binary" in postgres
    assert all(run.get(name, versions) == versions for name, versions in postgres.items())
