"""A bundle's numbers for the three splits → how good it is. They come from the same `predict` that serving calls."""

from __future__ import annotations

import heapq
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from wenlu.base.events import Events
from wenlu.base.records import Text
from wenlu.bundle.predict import Predictor
from wenlu.bundle.seal import open_bundle
from wenlu.corpus.version import DatasetVersion
from wenlu.evaluation.regression.metrics import Metrics, measure
from wenlu.evaluation.regression.words import span
from wenlu.evaluation.regression.worst import Answers, FarText, drawn_answers, worst_texts
from wenlu.pipeline.stage import Finished, Stage
from wenlu.pipeline.stages.candidate import BUNDLE
from wenlu.serving.runtimes import RUNTIMES
from wenlu.storage.local import write_atomic

_FILE = "evaluation.json"
_TRAIN_SAMPLE = 2_000  # training texts that tell how well the model knows what it was shown
_TOGETHER = 256

Floats = NDArray[np.float64]


class Evaluation(msgspec.Struct, frozen=True):
    """Metrics of each split, answer - truth of the validation texts (in order), and what is shown of the test texts."""

    train: Metrics
    validation: Metrics
    test: Metrics
    errors: tuple[float, ...]
    answers: Answers
    worst: tuple[FarText, ...]


def evaluation_stage(name: str, candidate: Finished, training: Finished, dataset: DatasetVersion) -> Stage:
    """Judge a candidate's answers to validation, test and a sample of the training texts."""

    def make(folder: Path, work: Path, events: Events) -> dict[str, Any]:
        bundle = open_bundle(candidate.folder / BUNDLE)
        predictor = Predictor(bundle, RUNTIMES["onnx"](bundle))
        evaluation = _evaluate(predictor, dataset, events, mean=training.result["scale"]["mean"])
        write_atomic(folder / _FILE, msgspec.json.encode(evaluation))
        for split, metrics in (("test", evaluation.test), ("validation", evaluation.validation)):
            events.result(f"{split}: {_said(metrics)}")
        test = evaluation.test
        return {
            "validation_rmse": evaluation.validation.rmse.value,
            "test_rmse": test.rmse.value,
            "test_pearson": test.pearson.value,
            "test_spearman": test.spearman.value,
        }

    return Stage(
        name=f"evaluation {name}",
        inputs={"candidate": candidate.fingerprint, "dataset": dataset.reference},
        packages=("pipeline.stages.regress", "base", "storage", "text", "bundle", "evaluation", "serving.runtimes"),
        make=make,
    )


def read_evaluation(stage: Finished) -> Evaluation:
    """What the stage found."""
    return msgspec.json.decode((stage.folder / _FILE).read_bytes(), type=Evaluation)


def _evaluate(predictor: Predictor, dataset: DatasetVersion, events: Events, *, mean: float) -> Evaluation:
    sample = heapq.nsmallest(_TRAIN_SAMPLE, dataset.texts("train"), key=lambda text: text.id)
    splits = [sample, list(dataset.texts("validation")), list(dataset.texts("test"))]
    truths = [np.array([text.label for text in texts], dtype=np.float64) for texts in splits]
    answers = [_answers(predictor, texts, events) for texts in splits]
    train, validation, test = (
        measure(truth=truth, answers=answered, mean=mean) for truth, answered in zip(truths, answers, strict=True)
    )
    return Evaluation(
        train=train,
        validation=validation,
        test=test,
        errors=tuple((answers[1] - truths[1]).tolist()),
        answers=drawn_answers(truths[2], answers[2]),
        worst=worst_texts([text.body for text in splits[2]], truth=truths[2], answers=answers[2]),
    )


def _answers(predictor: Predictor, texts: list[Text], events: Events) -> Floats:
    chunks = []
    for start in range(0, len(texts), _TOGETHER):
        chunks.append(predictor.values([text.body for text in texts[start : start + _TOGETHER]]))
        events.progress(min(start + _TOGETHER, len(texts)), len(texts))
    return np.concatenate(chunks)


def _said(metrics: Metrics) -> str:
    figures = {"Pearson": metrics.pearson, "Spearman": metrics.spearman, "RMSE": metrics.rmse, "MAE": metrics.mae}
    shown = ", ".join(f"{name} {figure.value:.4f} ({span(figure.interval)})" for name, figure in figures.items())
    return f"{shown}; the mean alone: RMSE {metrics.mean_rmse:.4f}"
