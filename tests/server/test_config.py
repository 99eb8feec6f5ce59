from __future__ import annotations

import pytest
from pydantic import ValidationError

from models.errors import ConfigError
from server.config import Limits, load_settings


def test_defaults() -> None:
    settings = load_settings()
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.max_sessions is None
    assert settings.limits.start_timeout_s == 10


def test_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOST", "0.0.0.0")
    monkeypatch.setenv("PORT", "9000")
    monkeypatch.setenv("TONGCHUAN_MAX_SESSIONS", "3")
    monkeypatch.setenv("TONGCHUAN_LIMITS__IDLE_TIMEOUT_S", "12.5")
    monkeypatch.setenv("TONGCHUAN_ALLOWED_ORIGINS", '["https://Example.org"]')
    settings = load_settings()
    assert (settings.host, settings.port, settings.max_sessions) == ("0.0.0.0", 9000, 3)
    assert settings.limits == Limits(idle_timeout_s=12.5)
    assert settings.allowed_origins == ("https://example.org",)


def test_our_own_name_wins_and_a_command_line_wins_over_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PORT", "9000")
    monkeypatch.setenv("TONGCHUAN_PORT", "9001")
    assert load_settings().port == 9001
    assert load_settings(port=9002, host=None).port == 9002


@pytest.mark.parametrize(
    ("name", "value", "key"),
    [
        ("PORT", "eighty", "PORT"),
        ("TONGCHUAN_PORT", "70000", "TONGCHUAN_PORT"),
        ("TONGCHUAN_MAX_SESSIONS", "0", "TONGCHUAN_MAX_SESSIONS"),
        ("TONGCHUAN_LIMITS__IDLE_TIMEOUT_S", "-1", "TONGCHUAN_LIMITS__IDLE_TIMEOUT_S"),
        ("TONGCHUAN_LIMITS__IDLE_TIMEOUT_S", "nan", "TONGCHUAN_LIMITS__IDLE_TIMEOUT_S"),
        ("TONGCHUAN_LIMITS__IDLE_TIMOUT_S", "1", "TONGCHUAN_LIMITS__IDLE_TIMOUT_S"),
        ("TONGCHUAN_LIMITS__MAX_BACKLOG_S", "5", "max_backlog_s"),
        ("TONGCHUAN_ALLOWED_ORIGINS", "example.org", "allowed_origins"),
        ("TONGCHUAN_ALLOWED_ORIGINS", '["example.org"]', "TONGCHUAN_ALLOWED_ORIGINS"),
        ("TONGCHUAN_ALLOWED_ORIGINS", '["https://a.org/x"]', "TONGCHUAN_ALLOWED_ORIGINS"),
        ("TONGCHUAN_GLOSSARIES__URL", "mysql://h/d", "TONGCHUAN_GLOSSARIES__URL"),
        ("TONGCHUAN_GLOSSARIES__WAIT_S", "0", "TONGCHUAN_GLOSSARIES__WAIT_S"),
        ("TONGCHUAN_GLOSSARIES__REFRESH_S", "x", "TONGCHUAN_GLOSSARIES__REFRESH_S"),
        ("TONGCHUAN_GLOSSARIES__PATH", "x", "TONGCHUAN_GLOSSARIES__PATH"),
    ],
)
def test_a_bad_value_names_its_key(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, key: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match=key):
        load_settings()


def test_a_bad_key_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TONGCHUAN_API_KEY", "hunter2")
    with pytest.raises(ConfigError, match="TONGCHUAN_API_KEY") as caught:
        load_settings()
    assert "hunter2" not in str(caught.value)
    monkeypatch.setenv("TONGCHUAN_API_KEY", "long enough")
    assert "long enough" not in repr(load_settings())


def test_the_databases_password_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TONGCHUAN_GLOSSARIES__URL", "postgresql://me:s3cret@h:port/d")
    with pytest.raises(ConfigError, match="TONGCHUAN_GLOSSARIES__URL") as caught:
        load_settings()
    assert "s3cret" not in str(caught.value)
    monkeypatch.setenv("TONGCHUAN_GLOSSARIES__URL", "postgresql://me:s3cret@h/d")
    assert "s3cret" not in repr(load_settings())


def test_settings_are_frozen() -> None:
    settings = load_settings()
    with pytest.raises(ValidationError):
        settings.port = 1
    with pytest.raises(ValidationError):
        settings.limits.max_terms = 1
