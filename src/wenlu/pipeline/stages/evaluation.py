"""A bundle's answers to the three splits → how good it is. They come from the same `predict` that serving calls."""

from __future__ import annotations

from collections.abc import Iterable
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
from wenlu.evaluation.examination import Examination
from wenlu.evaluation.hardest import HardText, hardest_texts
from wenlu.evaluation.metrics import Metrics, measure
from wenlu.evaluation.noise import Answered
from wenlu.evaluation.slices import worse_than_the_rest
from wenlu.pipeline.examining import examined
from wenlu.pipeline.stage import Finished, Stage
from wenlu.pipeline.stages.answers import SPLITS, judged_texts, write_answers
from wenlu.pipeline.stages.candidate import BUNDLE
from wenlu.serving.runtimes import RUNTIMES
from wenlu.storage.local import write_atomic

_FILE = "evaluation.json"
_TOGETHER = 256
_BELOW = ("base", "storage", "text", "bundle", "serving.runtimes")


class Evaluation(msgspec.Struct, frozen=True):
    """Metrics of each split, which validation texts were answered right (in order), the surest mistakes on test, and
    the test texts looked at from all sides."""

    train: Metrics
    validation: Metrics
    test: Metrics
    right: tuple[bool, ...]
    hardest: tuple[HardText, ...]
    examination: Examination


def evaluation_stage(name: str, candidate: Finished, dataset: DatasetVersion) -> Stage:
    """Judge a candidate's answers to validation, test and a sample of the training texts."""

    def make(folder: Path, work: Path, events: Events) -> dict[str, Any]:
        bundle = open_bundle(candidate.folder / BUNDLE)
        predictor = Predictor(bundle, RUNTIMES["onnx"](bundle))
        evaluation = _evaluate(predictor, dataset, folder, events)
        write_atomic(folder / _FILE, msgspec.json.encode(evaluation))
        test = evaluation.test
        low, high = test.accuracy_interval
        events.result(
            f"test: accuracy {test.accuracy:.2%} ({low:.1%}-{high:.1%}), macro F1 {test.macro_f1:.2%}; "
            f"validation {evaluation.validation.accuracy:.2%}, training {evaluation.train.accuracy:.2%}"
        )
        events.result(_said(evaluation.examination))
        return {
            "validation_accuracy": evaluation.validation.accuracy,
            "test_accuracy": test.accuracy,
            "test_macro_f1": test.macro_f1,
        }

    return Stage(
        name=f"evaluation {name}",
        inputs={"candidate": candidate.fingerprint, "dataset": dataset.reference},
        packages=(
            "pipeline.stages.evaluation",
            "pipeline.examining",
            "pipeline.stages.answers",
            "base",
            "storage",
            "text",
            "bundle",
            "evaluation",
            "serving.runtimes",
        ),
        make=make,
    )


def read_evaluation(stage: Finished) -> Evaluation:
    """What the stage found."""
    return msgspec.json.decode((stage.folder / _FILE).read_bytes(), type=Evaluation)


def _said(found: Examination) -> str:
    """Calibration, and what stands out, in a line."""
    of = found.calibration
    said = [f"calibration error {of.error:.2%} ({of.before:.2%} without the temperature {of.temperature:.3g})"]
    said += [
        f"worse: {one.kind} {one.name} {one.accuracy:.1%} of {one.texts:,}" for one in worse_than_the_rest(found.slices)
    ]
    if found.robustness is not None:
        said += [f"{one.name} changes {one.changed / one.texts:.1%}" for one in found.robustness.disturbed]
    return "; ".join(said)


def _evaluate(predictor: Predictor, dataset: DatasetVersion, folder: Path, events: Events) -> Evaluation:
    """Measure; the answers themselves go into `folder`."""
    labels = dataset.labels
    sample, validation, test = (judged_texts(dataset, split) for split in SPLITS)
    answered = [_answers(predictor, texts, labels, events) for texts in (sample, validation, test)]
    write_answers(folder, {split: Answered.of(*one) for split, one in zip(SPLITS, answered, strict=True)})
    train_metrics, validation_metrics, test_metrics = (
        measure(labels=labels, truth=truth, probabilities=probabilities) for truth, probabilities in answered
    )
    validation_truth, validation_probabilities = answered[1]
    test_truth, test_probabilities = answered[2]
    return Evaluation(
        train=train_metrics,
        validation=validation_metrics,
        test=test_metrics,
        right=tuple((validation_probabilities.argmax(1) == validation_truth).tolist()),
        hardest=hardest_texts(
            [text.body for text in test], labels=labels, truth=test_truth, probabilities=test_probabilities
        ),
        examination=examined(
            predictor.probabilities,
            predictor.bundle,
            test,
            metrics=test_metrics,
            truth=test_truth,
            probabilities=test_probabilities,
            label_counts=dataset.label_counts("train"),
        ),
    )


def _answers(
    predictor: Predictor, texts: list[Text], labels: list[str], events: Events
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Label numbers [N] and probabilities [N, C]."""
    number = {label: position for position, label in enumerate(labels)}
    truth_N = np.fromiter((number[text.label or ""] for text in texts), dtype=np.int64, count=len(texts))
    chunks = []
    for start in range(0, len(texts), _TOGETHER):
        chunks.append(predictor.probabilities(_bodies(texts[start : start + _TOGETHER])))
        events.progress(min(start + _TOGETHER, len(texts)), len(texts))
    return truth_N, np.concatenate(chunks)


def _bodies(texts: Iterable[Text]) -> list[str]:
    return [text.body for text in texts]
