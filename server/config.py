"""The one frozen configuration of the server, from the environment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from pydantic import (
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError

from models.errors import ConfigError
from server.glossary.config import GlossarySettings

ENV_PREFIX = "TONGCHUAN_"
ENV_DELIMITER = "__"


class Limits(BaseModel):
    """What one client may take of the server. Every wait and every queue is bounded here."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    max_frame_bytes: int = Field(
        default=1_048_576,
        ge=1024,
        le=16_777_216,
        description="longest binary frame; longer: close 4413",
    )
    max_text_bytes: int = Field(
        default=262_144,
        ge=1024,
        le=16_777_216,
        description="longest text frame; longer: close 4413",
    )
    max_terms: int = Field(
        default=1000, ge=0, le=100_000, description="terms in one `session.start`"
    )
    max_term_chars: int = Field(
        default=200, ge=1, le=10_000, description="characters in a term's source, target or note"
    )
    max_context_chars: int = Field(
        default=4000, ge=0, le=200_000, description="characters in `context`"
    )
    max_glossaries: int = Field(default=16, ge=0, le=1000, description="names in `glossaries`")
    max_marker_chars: int = Field(
        default=256, ge=1, le=10_000, description="characters in a `marker`"
    )
    max_pending_flushes: int = Field(
        default=64, ge=1, le=10_000, description="`flush` messages not yet answered"
    )
    max_buffer_s: float = Field(
        default=30.0,
        gt=0,
        le=3600,
        description="audio ahead of real time; further ahead: close 4429",
    )
    max_backlog_s: float = Field(
        default=120.0,
        gt=0,
        le=7200,
        description="audio that waits for a slow server; beyond it the session ends with 1013",
    )
    lagging_s: float = Field(
        default=10.0, gt=0, le=3600, description="waiting audio at which the client gets `lagging`"
    )
    max_lag_ms: int = Field(
        default=8000,
        ge=500,
        le=600_000,
        description="lag the server aims to stay under; told to clients",
    )
    start_timeout_s: float = Field(
        default=10.0,
        gt=0,
        le=600,
        description="from connecting to `session.start`; then close 4408",
    )
    idle_timeout_s: float = Field(
        default=300.0, gt=0, le=86_400, description="without audio; then close 4408"
    )
    send_timeout_s: float = Field(
        default=10.0, gt=0, le=600, description="for one event to a client that does not read"
    )
    finish_timeout_s: float = Field(
        default=180.0, gt=0, le=7200, description="from `session.end` to `session.ended`"
    )
    drain_timeout_s: float = Field(
        default=20.0, gt=0, le=600, description="for running sessions when the server shuts down"
    )
    max_waiting: int = Field(
        default=100, ge=1, le=100_000, description="sockets that have not sent `session.start` yet"
    )

    @model_validator(mode="after")
    def _backlog_holds_the_buffer(self) -> Self:
        if self.max_backlog_s <= self.max_buffer_s:
            raise ValueError(
                f"max_backlog_s ({self.max_backlog_s:g}) must be more than "
                f"max_buffer_s ({self.max_buffer_s:g})"
            )
        return self


class Settings(BaseSettings):
    """Everything the server can be told. Built once by `load_settings`, then passed on."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX,
        env_nested_delimiter=ENV_DELIMITER,
        frozen=True,
        extra="forbid",
        populate_by_name=True,
        hide_input_in_errors=True,
    )

    host: str = Field(
        default="127.0.0.1",
        min_length=1,
        validation_alias=AliasChoices("TONGCHUAN_HOST", "HOST"),
        description="address to listen on; `HOST` works too",
    )
    port: int = Field(
        default=8000,
        ge=0,
        le=65_535,
        validation_alias=AliasChoices("TONGCHUAN_PORT", "PORT"),
        description="port to listen on, 0 for any free one; `PORT` works too",
    )
    profile: str = Field(
        default="embedded",
        min_length=1,
        max_length=64,
        description="recogniser, LLM and their settings",
    )
    max_sessions: int | None = Field(
        default=None,
        ge=1,
        le=10_000,
        description="sessions at once; unset: what the machine measured",
    )
    allowed_origins: tuple[str, ...] = Field(
        default=(), description='JSON list of other web origins whose pages may connect, or `["*"]`'
    )
    api_key: SecretStr | None = Field(
        default=None, min_length=8, description="when set, clients must present it; else close 4401"
    )
    limits: Limits = Field(default=Limits(), description="a group, see below")
    glossaries: GlossarySettings = Field(
        default=GlossarySettings(), description="a group, see below"
    )

    @field_validator("allowed_origins")
    @classmethod
    def _origins_are_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            scheme, separator, rest = origin.partition("://")
            whole = bool(separator and scheme and rest) and "/" not in rest
            if origin != "*" and not whole:
                raise ValueError(f"{origin!r} is not an origin; write scheme://host[:port] or *")
        return tuple(origin.lower() for origin in value)


def load_settings(**overrides: Any) -> Settings:
    """The settings from the environment, `overrides` (e.g. of a command line) first.

    Raises ConfigError that names each key with a value that cannot be used.
    """
    given = {key: value for key, value in overrides.items() if value is not None}
    try:
        return Settings(**given)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        raise ConfigError("; ".join(_describe(detail) for detail in details)) from None
    except SettingsError as error:
        # A field that holds a list or a group and is not JSON; the message names the field.
        raise ConfigError(f"{error}; write it as JSON") from error


def _describe(detail: Mapping[str, Any]) -> str:
    path = [str(part) for part in detail["loc"]]
    key = ENV_DELIMITER.join(path).upper() or "SETTINGS"
    if not key.startswith(ENV_PREFIX) and key not in ("HOST", "PORT"):
        key = ENV_PREFIX + key
    return f"{key}: {detail['msg']}"
