"""Who gets a slot, and when to come back for those who do not."""

from __future__ import annotations

import math
from collections import deque

from server.moves import Refusal
from server.wire import CloseCode

_REMEMBERED = 64  # ended sessions whose lengths are averaged
_USUAL_S = 60.0  # before any session has ended
_LEAST_RETRY_S, _MOST_RETRY_S = 1, 120
_WARMING_RETRY_S = 5


class Admission:
    """A number of slots, known once the machine was measured. `slots` is None until then."""

    def __init__(self) -> None:
        self.slots: int | None = None
        self.active = 0
        self.admitted = 0
        self.closing = False
        self._lengths: deque[float] = deque(maxlen=_REMEMBERED)

    def take(self) -> Refusal | None:
        """Take a slot; give it back with `free`. A Refusal when there is none."""
        if self.closing:
            message = "the server is shutting down; connect again"
            return Refusal("draining", message, CloseCode.RESTARTING)
        if self.slots is None:
            message = "the models are still loading; try again shortly"
            return Refusal("not_ready", message, CloseCode.TRY_LATER, _WARMING_RETRY_S)
        if self.active >= self.slots:
            wait_s = self.retry_after_s()
            message = f"all {self.slots} slots are taken; try again in {wait_s} s"
            return Refusal("no_free_slot", message, CloseCode.TRY_LATER, wait_s)
        self.active += 1
        self.admitted += 1
        return None

    def free(self, held_s: float) -> None:
        """Give a slot back after `held_s` seconds."""
        assert self.active > 0
        self.active -= 1
        self._lengths.append(held_s)

    def retry_after_s(self) -> int:
        """When the first of the running sessions may end: their usual length over their number.

        That is exact when sessions end at random moments, whatever their age.
        """
        usual = sum(self._lengths) / len(self._lengths) if self._lengths else _USUAL_S
        estimate = math.ceil(usual / max(1, self.active))
        return min(max(estimate, _LEAST_RETRY_S), _MOST_RETRY_S)
