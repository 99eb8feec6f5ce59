from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from models import weights
from models.config import ModelsConfig, profile_config
from models.engines.embedded import EmbeddedLLM
from models.engines.endpoint import EndpointLLM
from models.errors import ConfigError, EngineError
from models.factory import load_recogniser, make_llm


def configured(**groups: dict[str, object]) -> ModelsConfig:
    return profile_config("embedded", groups)


@pytest.mark.parametrize("make", [load_recogniser, make_llm])
def test_a_path_that_is_not_there_is_named(
    make: Callable[[ModelsConfig], Any], tmp_path: Path
) -> None:
    model: dict[str, object] = {"model": str(tmp_path / "none")}
    with pytest.raises(ConfigError, match=f"no model at {tmp_path}"):
        make(configured(recogniser=model, llm=model))


def test_a_path_is_taken_and_a_name_is_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched: list[str] = []

    def ensure(name: str, **_options: Any) -> Path:
        fetched.append(name)
        return tmp_path

    monkeypatch.setattr(weights, "ensure", ensure)
    with pytest.raises(EngineError, match="does not load"):  # an empty folder
        load_recogniser(configured(recogniser={"model": str(tmp_path)}))
    assert fetched == []
    with pytest.raises(EngineError, match="does not load"):
        load_recogniser(configured())
    assert isinstance(make_llm(configured()), EmbeddedLLM)
    assert fetched == [configured().recogniser.model, configured().llm.model]


def test_an_endpoint_fetches_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(weights, "ensure")
    llm = {"engine": "endpoint", "url": "http://127.0.0.1:1/v1"}
    assert isinstance(make_llm(configured(llm={**llm})), EndpointLLM)
