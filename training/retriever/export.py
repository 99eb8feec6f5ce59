"""The network as an ONNX graph: one window, any number of keys, nothing that only trains."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path

import onnx
import torch
from torch import Tensor, nn

from models.recall.scorer import PER_SYLLABLE, STATE_WIDTH
from training.retriever.network import Scorer

OPSET = 17


class Served(nn.Module):
    """Probabilities at a temperature."""

    def __init__(self, scorer: Scorer, temperature: float) -> None:
        super().__init__()
        self.scorer = scorer
        self.temperature = temperature

    def forward(self, states: Tensor, keys: Tensor) -> Tensor:
        """states: (n, 512) float32; keys: (count, length, 3) int64. Returns (count,)."""
        frames = (states.shape[0] + 1) // 2
        hidden = states.new_zeros(1, 1, 1, frames)
        logits, _, _ = self.scorer(states[None], hidden, keys[None])
        return torch.sigmoid(logits[0] / self.temperature)


def graph(scorer: Scorer, temperature: float) -> onnx.ModelProto:
    """Inputs `states` and `keys`, output `spoken`: see `Served`."""
    served = Served(scorer.cpu().eval(), temperature).eval()
    with (
        torch.no_grad(),
        warnings.catch_warnings(),
        tempfile.TemporaryDirectory() as folder,
    ):
        path = Path(folder) / "scorer.onnx"
        # The newer exporter needs packages more, and makes constants of sizes that it saw as 1.
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.filterwarnings("ignore", "Constant folding")
        torch.onnx.export(
            served,
            (torch.zeros(300, STATE_WIDTH), torch.ones(3, 4, PER_SYLLABLE, dtype=torch.int64)),
            path,
            input_names=["states", "keys"],
            output_names=["spoken"],
            dynamic_axes={
                "states": {0: "n"},
                "keys": {0: "count", 1: "length"},
                "spoken": {0: "count"},
            },
            opset_version=OPSET,
            dynamo=False,
        )
        made = onnx.load(str(path))
    onnx.checker.check_model(made)
    return made
