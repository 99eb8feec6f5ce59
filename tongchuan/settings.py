"""The models' configuration from the environment: `TONGCHUAN_<GROUP>__<KEY>` over a profile."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import get_origin

from pydantic import BaseModel, ValidationError

from models.config import ModelsConfig, profile_config
from models.errors import ConfigError

PREFIX = "TONGCHUAN_"
DELIMITER = "__"
DEFAULT_PROFILE = "embedded"


def models_config(
    profile: str | None = None, environment: Mapping[str, str] = os.environ
) -> ModelsConfig:
    """The configuration of `profile`, else of `TONGCHUAN_PROFILE`, else the default.

    Raises ConfigError that names each key that is unknown or has a value that cannot be used.
    """
    chosen = profile or environment.get(f"{PREFIX}PROFILE") or DEFAULT_PROFILE
    overrides: dict[str, dict[str, object]] = {}
    for name, text in environment.items():
        group, delimiter, key = name.removeprefix(PREFIX).lower().partition(DELIMITER)
        kind = _groups().get(group)
        if not name.startswith(PREFIX) or not delimiter or kind is None:
            continue  # another part's, e.g. the server's limits
        overrides.setdefault(group, {})[key] = _value(kind, key, name, text)
    try:
        return profile_config(chosen, overrides)
    except ValidationError as error:
        raise ConfigError("; ".join(_describe(error))) from None


def _groups() -> dict[str, type[BaseModel]]:
    return {
        name: info.annotation
        for name, info in ModelsConfig.model_fields.items()
        if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel)
    }


def _value(kind: type[BaseModel], key: str, name: str, text: str) -> object:
    info = kind.model_fields.get(key)
    if info is None:
        known = ", ".join(kind.model_fields)
        raise ConfigError(f"{name} is no setting; this group has: {known}")
    if get_origin(info.annotation) is not tuple:
        return text
    try:
        return json.loads(text)
    except ValueError:
        raise ConfigError(f'{name} should be a JSON list, e.g. ["one", "two"]') from None


def _describe(error: ValidationError) -> list[str]:
    return [
        f"{PREFIX}{DELIMITER.join(str(part) for part in detail['loc']).upper()}: {detail['msg']}"
        for detail in error.errors(include_url=False, include_input=False)
    ]
