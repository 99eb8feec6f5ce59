"""When to emit: policies that cut stable source text into chunks."""

from __future__ import annotations

from collections.abc import Callable

from models.config import PolicyConfig
from models.policy.base import Boundary, ChunkPolicy, Cut, Evidence, Pause, size
from models.policy.baselines import FixedPolicy, PausePolicy, WaitKPolicy
from models.policy.semantic import SemanticPolicy
from models.policy.spans import clear

__all__ = [
    "POLICIES",
    "Boundary",
    "ChunkPolicy",
    "Cut",
    "Evidence",
    "Pause",
    "clear",
    "make_policy",
    "size",
]

_POLICIES: dict[str, Callable[[PolicyConfig], ChunkPolicy]] = {
    "semantic": SemanticPolicy,
    "fixed": FixedPolicy,
    "pause": PausePolicy,
    "wait-k": WaitKPolicy,
}
POLICIES = tuple(_POLICIES)
"""Their names, the default first."""


def make_policy(config: PolicyConfig) -> ChunkPolicy:
    """A new session's policy."""
    return _POLICIES[config.name](config)
