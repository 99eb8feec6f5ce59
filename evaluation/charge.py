"""What model work costs on a simulated clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

INSTANT_S = 1e-6
"""What work that is free costs: the order of events then does not hang on real time."""


class Charge(Protocol):
    """Seconds that each kind of work takes when it has the machine for itself."""

    @property
    def name(self) -> str:
        """For reports."""

    def hearing(self, measured_s: float) -> float:
        """One job of the recogniser."""

    def pieces(self, measured_s: Sequence[float], prompt_tokens: int) -> list[float]:
        """Each piece of a generation; the first waits for the prompt's `prompt_tokens` that no
        cache held."""

    def boundary(self, measured_s: float, prompt_tokens: int) -> float:
        """One question about a boundary."""


@dataclass(frozen=True, slots=True)
class Measured:
    """As long as it took here, `factor` times."""

    factor: float = 1.0

    @property
    def name(self) -> str:
        """See `Charge`."""
        return "measured" if self.factor == 1 else f"measured x {self.factor:g}"

    def hearing(self, measured_s: float) -> float:
        """See `Charge`."""
        return measured_s * self.factor

    def pieces(self, measured_s: Sequence[float], prompt_tokens: int) -> list[float]:
        """See `Charge`."""
        return [seconds * self.factor for seconds in measured_s]

    def boundary(self, measured_s: float, prompt_tokens: int) -> float:
        """See `Charge`."""
        return measured_s * self.factor


@dataclass(frozen=True, slots=True)
class Free:
    """Nothing: an infinitely fast machine."""

    name: str = "free"

    def hearing(self, measured_s: float) -> float:
        """See `Charge`."""
        return INSTANT_S

    def pieces(self, measured_s: Sequence[float], prompt_tokens: int) -> list[float]:
        """See `Charge`."""
        return [INSTANT_S] * len(measured_s)

    def boundary(self, measured_s: float, prompt_tokens: int) -> float:
        """See `Charge`."""
        return INSTANT_S


@dataclass(frozen=True, slots=True)
class Fixed:
    """By a table, in seconds: the same on every machine."""

    hearing_s: float
    prompt_token_s: float
    output_token_s: float
    name: str = "fixed"

    def hearing(self, measured_s: float) -> float:
        """See `Charge`."""
        return self.hearing_s

    def pieces(self, measured_s: Sequence[float], prompt_tokens: int) -> list[float]:
        """See `Charge`."""
        costs = [self.output_token_s] * len(measured_s)
        costs[:1] = [cost + prompt_tokens * self.prompt_token_s for cost in costs[:1]]
        return costs

    def boundary(self, measured_s: float, prompt_tokens: int) -> float:
        """See `Charge`."""
        return prompt_tokens * self.prompt_token_s + self.output_token_s


CHARGES: dict[str, Charge] = {
    "measured": Measured(),
    "free": Free(),
    "fixed": Fixed(0.12, 1 / 65, 1 / 31),
}
"""By name. The fixed one is about that of 2 cores with Whisper base and a 1.5B model in 4 bits."""
