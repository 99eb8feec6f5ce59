from __future__ import annotations

from pathlib import Path

import platformdirs
import pytest
from pydantic import ValidationError

from models.weights import WeightsConfig


def test_the_environment_gives_cache_and_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TONGCHUAN_CACHE_DIR", "~/weights")
    monkeypatch.setenv("HF_ENDPOINT", "https://mirror.invalid")
    config = WeightsConfig()
    assert config.root == Path.home() / "weights"
    assert config.hub_endpoint == "https://mirror.invalid"


@pytest.mark.parametrize("value", [None, ""])
def test_without_it_the_platform_decides(
    monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    for name in ("TONGCHUAN_CACHE_DIR", "HF_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
        if value is not None:
            monkeypatch.setenv(name, value)
    config = WeightsConfig()
    assert config.root == Path(platformdirs.user_cache_dir("tongchuan"))
    assert config.hub_endpoint == "https://huggingface.co"


def test_what_is_set_by_hand_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TONGCHUAN_CACHE_DIR", "/somewhere")
    assert WeightsConfig(cache_dir=tmp_path).root == tmp_path


def test_kinds_follow_source_and_order() -> None:
    assert WeightsConfig().kinds == ("local", "hub", "packages")
    assert WeightsConfig(order=("packages",)).kinds == ("packages",)
    assert WeightsConfig(source="hub").kinds == ("hub",)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("source", "torrent"),
        ("order", ["torrent"]),
        ("hub_endpoint", "ftp://hub"),
        ("hub_connect_timeout_s", 0),
        ("typo", 1),
    ],
)
def test_a_bad_value_names_its_key(key: str, value: object) -> None:
    with pytest.raises(ValidationError, match=key):
        WeightsConfig.model_validate({key: value})
