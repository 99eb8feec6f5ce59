"""The environment over a profile."""

from __future__ import annotations

import pytest

from models.config import profile_config
from models.errors import ConfigError
from tongchuan.settings import models_config


def test_the_default_and_the_profile() -> None:
    assert models_config(environment={}) == profile_config("embedded")
    assert models_config(environment={"TONGCHUAN_PROFILE": "small"}).profile == "small"
    assert models_config("embedded", {"TONGCHUAN_PROFILE": "small"}).profile == "embedded"


def test_groups_of_the_environment_come_on_top() -> None:
    config = models_config(
        "small",
        {
            "TONGCHUAN_LLM__URL": "http://llm:8001/v1",
            "TONGCHUAN_LLM__PARALLEL": "8",
            "TONGCHUAN_LISTENING__PROMPT": "false",
            "TONGCHUAN_WEIGHTS__OFFLINE": "1",
            "TONGCHUAN_WEIGHTS__LOCAL_DIRS": '["/models"]',
            "TONGCHUAN_LIMITS__MAX_TERMS": "3",
            "TONGCHUAN_PORT": "1",
            "OTHER__X": "1",
        },
    )
    assert (config.llm.url, config.llm.parallel) == ("http://llm:8001/v1", 8)
    assert config.llm.model == profile_config("small").llm.model
    assert not config.listening.prompt
    assert config.weights.offline
    assert [str(path) for path in config.weights.local_dirs] == ["/models"]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("TONGCHUAN_PROFILE", "huge", "huge"),
        ("TONGCHUAN_LLM__MODLE", "x", "TONGCHUAN_LLM__MODLE is no setting"),
        ("TONGCHUAN_LLM__SLOTS", "many", "TONGCHUAN_LLM__SLOTS"),
        ("TONGCHUAN_POLICY__NAME", "x", "TONGCHUAN_POLICY__NAME"),
        ("TONGCHUAN_WEIGHTS__LOCAL_DIRS", "/models", "JSON list"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(name: str, value: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        models_config(environment={name: value})
