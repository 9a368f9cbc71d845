"""Teachers → what they answer to the training texts, and to texts without labels. They come from the same `predict`
that serving calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from wenlu.base.errors import WenluError
from wenlu.base.events import Events
from wenlu.bundle.manifest import TEXT
from wenlu.bundle.predict import Predictor
from wenlu.bundle.seal import Bundle, open_bundle
from wenlu.bundle.shelf import find_model
from wenlu.corpus.clean import content_id
from wenlu.corpus.settings import DataConfig
from wenlu.corpus.version import DatasetVersion
from wenlu.pipeline.aims.distil import TEACHER
from wenlu.pipeline.recipe import Contender
from wenlu.pipeline.stage import Finished, Stage
from wenlu.pipeline.stages.dataset import dataset_stage
from wenlu.serving.runtimes import RUNTIMES
from wenlu.storage.local import new_file
from wenlu.storage.workspace import Workspace
from wenlu.text.pipeline import TextPipeline
from wenlu.training.encoded import EncodedBlock, write_encoded

_TOGETHER = 1024
_NO_LABEL = -1

Labelled = tuple[str, int]


def teach(
    name: str,
    contender: Contender,
    data: DataConfig,
    labelled: DatasetVersion,
    workspace: Workspace,
    *,
    tokenizer: Finished,
    finish: Callable[[Stage], Finished],
    cluster: str | None = None,
) -> Finished | None:
    """What a contender's teachers answer to the texts it learns from; None if its recipe names none.

    `data` and `labelled` are the recipe's dataset, as it says and as it was imported. Raises WenluError
    `unknown_model`, and what the stages raise.
    """
    config = contender.distil
    if config is None:
        return None
    teachers = [find_model(workspace, teacher) for teacher in config.teachers]
    unlabelled, more = None, config.data(data, labelled)
    if more is not None:
        imported = finish(dataset_stage(more, workspace, name="texts without labels", cluster=cluster))
        unlabelled = DatasetVersion.open(workspace, imported.result["dataset"])
    return finish(teaching_stage(name, teachers, tokenizer, labelled, unlabelled=unlabelled))


def teaching_stage(
    name: str,
    teachers: Sequence[Path],
    tokenizer: Finished,
    dataset: DatasetVersion,
    *,
    unlabelled: DatasetVersion | None,
) -> Stage:
    """Ask the teachers, in bounded memory; raises WenluError `other_teacher` for one of another task or labels."""
    bundles = [open_bundle(folder) for folder in teachers]
    for bundle in bundles:
        _check(bundle, dataset)

    def make(folder: Path, work: Path, events: Events) -> dict[str, Any]:
        pipeline = TextPipeline.load(tokenizer.folder / TEXT)
        ask = [_Teacher(bundle, dataset.labels) for bundle in bundles]
        total = dataset.count("train") + (unlabelled.manifest.counts.kept if unlabelled else 0)
        asked = 0
        with new_file(folder / TEACHER) as answers:

            def blocks() -> Iterator[EncodedBlock]:
                nonlocal asked
                for chunk in _chunks(_texts(dataset, unlabelled)):
                    bodies = [body for body, _ in chunk]
                    answers.write(np.mean([one.probabilities(bodies) for one in ask], axis=0).astype("<f4").tobytes())
                    asked += len(chunk)
                    events.progress(min(asked, total), total)
                    yield EncodedBlock.of(pipeline.encode(bodies), [label for _, label in chunk])

            write_encoded(folder / "train", blocks())
        titles = [bundle.title for bundle in bundles]
        without = asked - dataset.count("train")
        events.result(f"{', '.join(titles)} answered {asked:,} texts, {without:,} of them without a label")
        return {"teachers": titles, "texts": asked, "unlabelled": without}

    return Stage(
        name=f"teachers of {name}",
        inputs={
            "teachers": [bundle.title for bundle in bundles],
            "tokenizer": tokenizer.fingerprint,
            "dataset": dataset.reference,
            "unlabelled": unlabelled.reference if unlabelled else None,
        },
        packages=("pipeline.stages.teaching", "base", "storage", "text", "bundle", "serving.runtimes"),
        make=make,
    )


class _Teacher:
    """A bundle that is asked, its answers in the order of the dataset's labels."""

    def __init__(self, bundle: Bundle, labels: Sequence[str]) -> None:
        self._predictor = Predictor(bundle, RUNTIMES["onnx"](bundle))
        self._order = [bundle.manifest.labels.index(label) for label in labels]

    def probabilities(self, bodies: Sequence[str]) -> Any:
        return self._predictor.probabilities(bodies)[:, self._order]


def _check(bundle: Bundle, dataset: DatasetVersion) -> None:
    manifest = bundle.manifest
    if manifest.task != "classify":
        raise WenluError(
            "other_teacher",
            f"{bundle.title} is a model to {manifest.task} and can't teach a classifier.",
            hint="Name classifiers in distil.teachers: wenlu model list",
        )
    if sorted(manifest.labels) != sorted(dataset.labels):
        strange = sorted(set(manifest.labels) ^ set(dataset.labels))
        raise WenluError(
            "other_teacher",
            f"{bundle.title} has other labels than {dataset.reference}: {', '.join(strange[:6])} is not in both.",
            hint="A teacher answers with the very labels that its student is to learn.",
        )


def _texts(dataset: DatasetVersion, unlabelled: DatasetVersion | None) -> Iterator[Labelled]:
    """The training texts with the numbers of their labels, then the others but for those that are training texts."""
    numbers = {label: number for number, label in enumerate(dataset.labels)}
    seen = set()
    for body, label in dataset.rows("train"):
        if unlabelled is not None:
            seen.add(content_id(body))
        yield body, numbers[label or ""]
    if unlabelled is not None:
        for split in ("train", "validation"):
            yield from ((body, _NO_LABEL) for body in unlabelled.bodies(split) if content_id(body) not in seen)


def _chunks(texts: Iterator[Labelled]) -> Iterator[list[Labelled]]:
    while chunk := list(islice(texts, _TOGETHER)):
        yield chunk
