"""What a form costs and what it gains: accuracy, size, latency and throughput, beside its parent's, in one run."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from wenlu.base.errors import WenluError
from wenlu.bundle.manifest import GOLDEN, ONNX, TEXT, WEIGHTS
from wenlu.bundle.predict import Predictor, Runtime
from wenlu.bundle.seal import Bundle
from wenlu.corpus.version import DatasetVersion
from wenlu.evaluation.metrics import measure

_ROUNDS = 8
_SINGLE = 50  # texts asked one by one in a round
_MANY = 400  # texts asked together in a round
_TOGETHER = 256

Clock = Callable[[], float]


class Figures(msgspec.Struct, frozen=True):
    """One form, or the parent itself. `disagreement` is the share of the test texts whose label is not the parent's,
    `largest_difference` that of a probability; `size` is of what a service reads; seconds and texts a second are of
    whole answers, text pipeline and all, and `computed` of the runtime alone."""

    name: str
    accuracy: float
    interval: tuple[float, float]
    disagreement: float
    largest_difference: float
    size: int
    p50: float
    p95: float
    throughput: float
    computed: float


@dataclass(frozen=True, slots=True)
class Measurable:
    """A bundle with what computes for it, and what it is called in a table."""

    name: str
    bundle: Bundle
    runtime: Runtime


def measured(
    all_of_them: Sequence[Measurable], dataset: DatasetVersion, *, clock: Clock = time.perf_counter
) -> list[Figures]:
    """Figures of each, the first being the parent. They take turns, so that what else the machine does hits all alike.

    Raises WenluError `no_texts` where the test split is empty, `other_labels` where its labels are not the model's.
    """
    texts, truth_N = _test(all_of_them[0].bundle, dataset)
    predictors = [Predictor(one.bundle, one.runtime) for one in all_of_them]
    answers = [_probabilities(predictor, texts) for predictor in predictors]
    speeds = _speeds(predictors, texts, clock)
    return [
        _figures(one, truth_N, answered, answers[0], speed)
        for one, answered, speed in zip(all_of_them, answers, speeds, strict=True)
    ]


def size_of(bundle: Bundle) -> int:
    """Bytes that a service reads: export, text pipeline and golden answers."""
    files = bundle.manifest.files
    model = ONNX if ONNX in files else WEIGHTS
    return sum(record.bytes for name, record in files.items() if name in (model, GOLDEN) or name.startswith(f"{TEXT}/"))


def _test(bundle: Bundle, dataset: DatasetVersion) -> tuple[list[str], NDArray[np.int64]]:
    labels = {label: number for number, label in enumerate(bundle.manifest.labels)}
    rows = list(dataset.rows("test"))
    strange = sorted({label or "" for _, label in rows} - labels.keys())
    if not rows:
        raise WenluError(
            "no_texts", f"{dataset.reference} has no test text to measure on.", hint="Give data.split one."
        )
    if strange:
        raise WenluError(
            "other_labels",
            f"{dataset.reference} has labels that {bundle.title} does not know: {', '.join(strange[:5])}.",
            hint="Name a dataset with the labels that the model has learned.",
        )
    truth = np.fromiter((labels[label or ""] for _, label in rows), dtype=np.int64, count=len(rows))
    return [body for body, _ in rows], truth


def _probabilities(predictor: Predictor, texts: Sequence[str]) -> NDArray[np.float64]:
    chunks = range(0, len(texts), _TOGETHER)
    return np.concatenate([predictor.probabilities(texts[start : start + _TOGETHER]) for start in chunks])


@dataclass(frozen=True, slots=True)
class _Speed:
    single: NDArray[np.float64]
    many: float
    computed: float


def _speeds(predictors: Sequence[Predictor], texts: Sequence[str], clock: Clock) -> list[_Speed]:
    """Of each: seconds of single answers, and texts a second as the median of the rounds."""
    generator = np.random.default_rng(0)
    singles: list[list[float]] = [[] for _ in predictors]
    many: list[list[float]] = [[] for _ in predictors]
    computed: list[list[float]] = [[] for _ in predictors]
    for _ in range(_ROUNDS):
        asked = [texts[number] for number in generator.integers(len(texts), size=_MANY)]
        for number, predictor in enumerate(predictors):
            predictor.predict(asked[:_TOGETHER])  # warms up what the others have pushed out of the caches
            singles[number] += [_seconds(clock, predictor.predict, [text]) for text in asked[:_SINGLE]]
            many[number].append(_MANY / _seconds(clock, predictor.predict, asked))
            ids = predictor.bundle.pipeline.encode(asked)
            computed[number].append(_MANY / _seconds(clock, predictor.probabilities_of_ids, ids))
    return [
        _Speed(np.array(single), float(np.median(whole)), float(np.median(alone)))
        for single, whole, alone in zip(singles, many, computed, strict=True)
    ]


def _seconds(clock: Clock, work: Callable[[Any], object], given: object) -> float:
    started = clock()
    work(given)
    return clock() - started


def _figures(
    one: Measurable,
    truth_N: NDArray[np.int64],
    answers_NC: NDArray[np.float64],
    parents_NC: NDArray[np.float64],
    speed: _Speed,
) -> Figures:
    found = measure(labels=one.bundle.manifest.labels, truth=truth_N, probabilities=answers_NC)
    return Figures(
        name=one.name,
        accuracy=found.accuracy,
        interval=found.accuracy_interval,
        disagreement=float((answers_NC.argmax(1) != parents_NC.argmax(1)).mean()),
        largest_difference=float(np.abs(answers_NC - parents_NC).max()),
        size=size_of(one.bundle),
        p50=float(np.quantile(speed.single, 0.5)),
        p95=float(np.quantile(speed.single, 0.95)),
        throughput=speed.many,
        computed=speed.computed,
    )
