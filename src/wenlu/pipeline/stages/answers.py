"""A classifier's answers to the texts it is judged on, kept beside its metrics so that others can look at them."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from wenlu.base.records import Text
from wenlu.corpus.version import DatasetVersion
from wenlu.evaluation.noise import Answered
from wenlu.pipeline.stage import Finished
from wenlu.storage.local import write_atomic

SPLITS = ("train", "validation", "test")

_FILE = "answers.npz"
_TRAIN_SAMPLE = 2_000  # training texts that tell how well the model knows what it was shown


def judged_texts(dataset: DatasetVersion, split: str) -> list[Text]:
    """The texts of a split that classifiers are judged on: all, or of training a sample chosen by hash."""
    if split == "train":
        return heapq.nsmallest(_TRAIN_SAMPLE, dataset.texts("train"), key=lambda text: text.id)
    return list(dataset.texts(split))


def write_answers(folder: Path, answered: Mapping[str, Answered]) -> None:
    """Keep what was answered to the texts of each split."""
    columns: dict[str, Any] = {
        f"{split}_{name}": column
        for split, one in answered.items()
        for name, column in (("truth", one.truth), ("answers", one.answers), ("sureness", one.sureness))
    }
    packed = BytesIO()
    np.savez_compressed(packed, **columns)
    write_atomic(folder / _FILE, packed.getvalue())


def read_answers(stage: Finished) -> dict[str, Answered]:
    """What was answered, by split, in the order of `judged_texts`."""
    with np.load(stage.folder / _FILE) as found:
        return {
            split: Answered(found[f"{split}_truth"], found[f"{split}_answers"], found[f"{split}_sureness"])
            for split in SPLITS
        }


def bodies_at(dataset: DatasetVersion, split: str, rows: Sequence[int]) -> list[str]:
    """The texts of these rows of a split, in the order of the rows."""
    wanted = set(rows)
    texts = judged_texts(dataset, split) if split == "train" else dataset.texts(split)
    found = {number: text.body for number, text in enumerate(texts) if number in wanted}
    return [found[row] for row in rows]
