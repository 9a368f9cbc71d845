"""A classifier's answers, asked for and looked at from all sides: by a run, and by `wenlu model evaluate`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wenlu.base.records import Text
from wenlu.bundle.seal import Bundle
from wenlu.evaluation.examination import Examination, Known, examine
from wenlu.evaluation.metrics import Metrics
from wenlu.evaluation.robustness import Robustness, disturbed, sampled, trials
from wenlu.text.pipeline import TextPipeline

Floats = NDArray[np.float64]
Answer = Callable[[Sequence[str]], Floats]
"""From texts to the probabilities [N, C] of the bundle's labels, whoever computes them."""

_TOGETHER = 512


def examined(
    answer: Answer,
    bundle: Bundle,
    texts: Sequence[Text],
    *,
    metrics: Metrics,
    truth: NDArray[np.integer[Any]],
    probabilities: Floats,
    label_counts: Mapping[str, int],
) -> Examination:
    """What `answer` said to the texts, and what it says where they are disturbed; columns in the bundle's order."""
    bodies = [text.body for text in texts]
    manifest = bundle.manifest
    return examine(
        metrics,
        texts,
        truth=truth,
        probabilities=probabilities,
        known=Known(manifest.temperature, manifest.abstain, label_counts),
        unknown=unknown_shares(bundle.pipeline, bodies),
        robustness=_robustness(answer, bodies, truth, probabilities.argmax(axis=1)),
    )


def unknown_shares(pipeline: TextPipeline, texts: Sequence[str]) -> Floats:
    """Of each text which share of its ids stands for what the vocabulary does not know [N]."""
    shares, nothing = np.zeros(len(texts)), pipeline.tokenizer.unk_id
    for start in range(0, len(texts), _TOGETHER):
        for row, ids in enumerate(pipeline.encode(texts[start : start + _TOGETHER]), start):
            shares[row] = ids.count(nothing) / max(len(ids), 1)
    return shares


def _robustness(
    answer: Answer, texts: Sequence[str], truth: NDArray[np.integer[Any]], before: NDArray[np.integer[Any]]
) -> Robustness:
    outcomes = [
        disturbed(trial, truth=truth, before=before, after=answer(trial.texts).argmax(axis=1))
        for trial in trials(texts)
    ]
    return Robustness(texts=len(texts), sample=len(sampled(texts)), disturbed=tuple(outcomes))
