"""Model files: where they come from, where they are kept, and that they are the right ones."""

from __future__ import annotations

from models.weights.config import WeightsConfig
from models.weights.fetch import ensure, inspect, locate, verify
from models.weights.manifest import load_manifest
from models.weights.progress import (
    BarProgress,
    LineProgress,
    Progress,
    SilentProgress,
    terminal_progress,
)

__all__ = [
    "BarProgress",
    "LineProgress",
    "Progress",
    "SilentProgress",
    "WeightsConfig",
    "ensure",
    "inspect",
    "load_manifest",
    "locate",
    "terminal_progress",
    "verify",
]
