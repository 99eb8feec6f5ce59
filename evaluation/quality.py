"""BLEU and chrF by sacrebleu, with the signatures that say how."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF


@dataclass(frozen=True, slots=True)
class Quality:
    """Corpus scores, 0 to 100."""

    bleu: float
    chrf: float
    bleu_signature: str
    chrf_signature: str


def quality(hypotheses: Sequence[str], references: Sequence[str], language: str) -> Quality | None:
    """Scores of texts in `language`, pair by pair over one corpus; None for an empty corpus.

    BLEU is tokenised by `13a`, Chinese by `zh`.
    """
    if not references:
        return None
    bleu, chrf = BLEU(tokenize="zh" if language == "zh" else "13a"), CHRF()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # sacrebleu leaves its tables open
        scores = [
            metric.corpus_score(list(hypotheses), [list(references)]).score
            for metric in (bleu, chrf)
        ]
    return Quality(scores[0], scores[1], str(bleu.get_signature()), str(chrf.get_signature()))
