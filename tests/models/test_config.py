from __future__ import annotations

import pytest
from pydantic import ValidationError

from models.config import PROFILES, ListeningConfig, ModelsConfig, profile_config
from models.errors import ConfigError


@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_is_a_valid_configuration(profile: str) -> None:
    assert profile_config(profile).profile == profile


def test_overrides_win_over_the_profile_and_change_nothing_else() -> None:
    plain = profile_config("gpu")
    changed = profile_config("gpu", {"llm": {"url": "http://10.0.0.1/v1"}, "policy": {"k": 3}})
    assert changed.llm == plain.llm.model_copy(update={"url": "http://10.0.0.1/v1"})
    assert changed.policy == plain.policy.model_copy(update={"k": 3})
    assert changed.recogniser == plain.recogniser
    assert profile_config("gpu") == plain, "the profile itself is as it was"


def test_an_unknown_profile_names_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=", ".join(PROFILES)):
        profile_config("huge")


@pytest.mark.parametrize(
    ("group", "values"),
    [
        ("listening", {"step_ms": 0}),
        ("policy", {"name": "guess"}),
        ("policy", {"boundary": 1.5}),
        ("llm", {"slots": 0}),
        ("llm", {"tempo": 1}),
        ("speaking", {"max_ratio": 0}),
        ("sparkles", {}),
    ],
)
def test_a_value_that_cannot_be_used_is_named(group: str, values: dict[str, object]) -> None:
    with pytest.raises(ValidationError) as caught:
        profile_config("embedded", {group: values})
    where = [str(part) for part in caught.value.errors()[0]["loc"]]
    assert where[0] == group
    assert where[1:] == list(values)


def test_it_is_frozen() -> None:
    config = ModelsConfig(listening=ListeningConfig(step_ms=500))
    with pytest.raises(ValidationError):
        config.listening.step_ms = 200


def test_a_window_that_whisper_cannot_take_is_said() -> None:
    with pytest.raises(ValidationError, match="30 s that Whisper takes"):
        ListeningConfig(window_s=28, padding_ms=2500)
    assert ListeningConfig(window_s=28, padding_ms=2000).window_s == 28
