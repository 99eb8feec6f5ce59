"""The scorer as a torch module.

After CLASI's retriever (arXiv 2407.21646, section 3.2): text and speech encoded apart, fused by
cross-attention, pooled, one logit. A key's syllable asks the speech whether it is there; because
the states carry their position, what neighbouring syllables found can be compared.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from models.recall.scorer import STATE_WIDTH

HEADS = 4
DROPPED = 0.1
FRAMES_PER_SYLLABLE = 5.0
FAR = 4.0


@dataclass(frozen=True, slots=True)
class Size:
    """speech, width: of the speech's layers and of all others. layers: of fusion.
    symbols: how many there are, padding included."""

    speech: int
    width: int
    layers: int
    symbols: int


class Speech(nn.Module):
    """States at 50 Hz to features at 25 Hz: (batch, n, 512) to (batch, ceil(n / 2), width)."""

    def __init__(self, inner: int, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(STATE_WIDTH)
        self.narrow = nn.Linear(STATE_WIDTH, inner)
        self.halve = nn.Conv1d(inner, inner, 3, stride=2, padding=1)
        self.mix = nn.Sequential(*(Mix(inner, OverFrames(inner)) for _ in range(2)))
        self.out = nn.Linear(inner, width)

    def forward(self, states: Tensor) -> Tensor:
        """States, float32."""
        found = nn.functional.gelu(self.narrow(self.norm(states)))
        found = nn.functional.gelu(self.halve(found.transpose(1, 2)).transpose(1, 2))
        mixed: Tensor = self.out(self.mix(found))
        return mixed


class Mix(nn.Module):
    """A depthwise convolution over time and two layers over features, both added."""

    def __init__(self, width: int, over_time: nn.Module) -> None:
        super().__init__()
        self.over_time = over_time
        self.norm = nn.LayerNorm(width)
        self.up = nn.Linear(width, 2 * width)
        self.down = nn.Linear(2 * width, width)
        self.drop = nn.Dropout(DROPPED)

    def forward(self, given: Tensor) -> Tensor:
        """(batch, n, width) to the same."""
        mixed = given + self.over_time(given)
        added = self.down(nn.functional.gelu(self.up(self.norm(mixed))))
        found: Tensor = mixed + self.drop(added)
        return found


class OverFrames(nn.Module):
    """A depthwise convolution of seven frames."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.convolve = nn.Conv1d(width, width, 7, padding=3, groups=width)

    def forward(self, given: Tensor) -> Tensor:
        """(batch, n, width) to the same."""
        found: Tensor = self.convolve(given.transpose(1, 2)).transpose(1, 2)
        return found


class OverSyllables(nn.Module):
    """The same of three syllables, by shifting: onnxruntime's convolution is slow on short rows."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(3, width).uniform_(-0.5, 0.5))
        self.bias = nn.Parameter(torch.zeros(width))

    def forward(self, given: Tensor) -> Tensor:
        """(batch, n, width) to the same."""
        wide = nn.functional.pad(given, (0, 0, 1, 1))
        before, after = wide[:, :-2], wide[:, 2:]
        return before * self.weight[0] + given * self.weight[1] + after * self.weight[2] + self.bias


class Fusion(nn.Module):
    """Syllables attend to speech, and what each finds is compared with what it looked for."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.sought = nn.Linear(width, width)
        self.drop = nn.Dropout(DROPPED)
        self.compared = nn.Linear(width, width)
        self.placed = nn.Linear(3 * HEADS, width)

    def forward(
        self, asking: Tensor, syllables: Tensor, speech: Tensor, hidden: Tensor, real: Tensor
    ) -> Tensor:
        """Evidence, (windows, keys, length, width), in which a syllable stands only as far as it
        was compared: what a key is cannot be remembered from it.

        asking: (windows, keys, length, width), who looks; syllables: the same, what for.
        speech: (windows, frames, width); hidden: (windows, 1, 1, frames), far below 0 where a
        frame is padding, else 0. real: (windows, keys, length, 1), 0 where a syllable is padding.
        """
        windows, keys, length, width = asking.shape
        depth = width // HEADS
        asked = self.query(self.norm(asking)).reshape(windows, keys * length, HEADS, depth)
        there = self.key(speech).reshape(windows, -1, HEADS, depth)
        found = self.value(speech).reshape(windows, -1, HEADS, depth)
        scores = asked.transpose(1, 2) @ there.permute(0, 2, 3, 1) * depth**-0.5
        weights = torch.softmax(scores + hidden, dim=-1)
        heard = (weights @ found.transpose(1, 2)).transpose(1, 2)
        heard = heard.reshape(windows, keys, length, width)
        compared = self.compared(self.drop(heard * self.sought(syllables)))
        evidence: Tensor = compared + self.placed(self._places(weights, keys, length, real))
        return evidence * real

    @staticmethod
    def _places(weights: Tensor, keys: int, length: int, real: Tensor) -> Tensor:
        """How far from the syllable before and the one after it looked, in usual syllables, and
        how sharply: (windows, keys, length, 3 heads)."""
        times = torch.arange(weights.shape[-1], dtype=weights.dtype, device=weights.device)
        sharp = weights.amax(-1)
        where = (weights @ times[:, None])[..., 0] / FRAMES_PER_SYLLABLE
        shape = (weights.shape[0], HEADS, keys, length)
        where = where.reshape(shape).permute(0, 2, 3, 1)
        steps = (where[:, :, 1:] - where[:, :, :-1]).clamp(-FAR, FAR) * real[:, :, 1:]
        before = nn.functional.pad(steps, (0, 0, 1, 0))
        after = nn.functional.pad(steps, (0, 0, 0, 1))
        return torch.cat([before, after, sharp.reshape(shape).permute(0, 2, 3, 1)], dim=-1)


class Scorer(nn.Module):
    """Logits that keys are spoken in windows."""

    places: Tensor

    def __init__(self, size: Size) -> None:
        super().__init__()
        width = size.width
        self.speech = Speech(size.speech, width)
        self.symbols = nn.Embedding(size.symbols, width, padding_idx=0)
        self.neighbours = Mix(width, OverSyllables(width))
        self.fusion = nn.ModuleList(Fusion(width) for _ in range(size.layers))
        self.weigh = nn.ModuleList(Mix(width, OverSyllables(width)) for _ in range(size.layers))
        self.syllable = nn.Linear(width, 1)
        self.attend = nn.Linear(width, 1)
        self.judge = nn.Sequential(nn.Linear(2 * width + 2, width), nn.GELU(), nn.Linear(width, 1))
        # For training alone (CTC): initials and finals as they are said, and tones.
        self.spell = nn.Linear(width, 2 * size.symbols)
        self.register_buffer("places", _places(width), persistent=False)

    def forward(
        self, states: Tensor, hidden: Tensor, keys: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """states: (windows, n, 512) float32; hidden: (windows, 1, 1, ceil(n / 2)), far below 0 or
        0; keys: (windows, keys, length, 3), 0 where there is no syllable.

        Returns logits (windows, keys), the logits of each syllable (windows, keys, length), and the
        speech's features (windows, ceil(n / 2), width).
        """
        features = self.speech(states)
        placed = features + self.places[: features.shape[1]]
        windows, count, length, _ = keys.shape
        real = (keys[..., :1] > 0).to(states.dtype)
        syllables = self.symbols(keys).sum(-2) * real

        def along(mix: nn.Module, rows: Tensor) -> Tensor:
            mixed: Tensor = mix(rows.reshape(windows * count, length, -1))
            return mixed.reshape(rows.shape) * real

        asking = along(self.neighbours, syllables)
        evidence = torch.zeros_like(syllables)
        for fusion, weigh in zip(self.fusion, self.weigh, strict=True):
            found = fusion(asking, syllables, placed, hidden, real)
            evidence = along(weigh, evidence + found)
            asking = asking + evidence
        return *self._pooled(evidence, real[..., 0]), features

    def _pooled(self, evidence: Tensor, real: Tensor) -> tuple[Tensor, Tensor]:
        absent = (1 - real) * -1e4
        each = self.syllable(evidence)[..., 0]
        weights = torch.softmax(self.attend(evidence)[..., 0] + absent, dim=-1)
        picked = (weights[..., None] * evidence).sum(-2)
        number = real.sum(-1, keepdim=True).clamp(min=1)
        mean = evidence.sum(-2) / number
        least = (each - absent).amin(-1, keepdim=True)
        whole = (each * real).sum(-1, keepdim=True) / number
        logits: Tensor = self.judge(torch.cat([picked, mean, least, whole], -1))[..., 0]
        return logits, each

    def spelt(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Log-probabilities (windows, frames, symbols), 0 the blank: of initials and finals, and
        of tones."""
        sounds, tones = self.spell(features).chunk(2, dim=-1)
        return torch.log_softmax(sounds, dim=-1), torch.log_softmax(tones, dim=-1)


def _places(width: int, longest: int = 800) -> Tensor:
    """Sines and cosines (Vaswani et al. 2017), of periods from 6 to 800 frames."""
    rates = torch.exp(torch.linspace(0.0, -math.log(800 / 6), width // 2)) * 2 * math.pi / 6
    angles = torch.arange(longest)[:, None] * rates
    return torch.cat([angles.sin(), angles.cos()], dim=1)
