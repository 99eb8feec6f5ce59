"""What the server is told about glossaries: the store's settings and those of requests."""

from __future__ import annotations

from pydantic import Field

from glossaries.config import StoreConfig


class GlossarySettings(StoreConfig):
    """The group `TONGCHUAN_GLOSSARIES__…`."""

    max_body_bytes: int = Field(
        default=16_777_216, ge=1024, le=268_435_456, description="longest JSON body of a request"
    )
    body_timeout_s: float = Field(
        default=300.0, gt=0, le=7200, description="for a request's body to arrive; then 408"
    )
    max_uploads: int = Field(
        default=4,
        ge=1,
        le=1000,
        description="bodies read at once; others wait for `wait_s`, then 503",
    )
    refresh_s: float = Field(
        default=2.0, ge=0.05, le=3600, description="between looks for changes, for running sessions"
    )
