"""Step 1: `python -m training.retriever.write_plan FOLDER`: the texts, into FOLDER/plan/."""

from __future__ import annotations

import argparse
from pathlib import Path

from training.retriever.plan import utterances, write
from training.retriever.recipe import RECIPES


def main() -> None:
    """One file a share, `VOICE-SPLIT.jsonl`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--recipe", choices=RECIPES, default="cpu")
    parser.add_argument("--seed", type=int, default=1)
    words = parser.parse_args()
    for share, planned in utterances(RECIPES[words.recipe], words.seed).items():
        write(words.folder / "plan" / f"{share.voice}-{share.split}.jsonl", planned)


if __name__ == "__main__":
    main()
