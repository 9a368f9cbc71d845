"""A dataset version → what makes a classifier's figures doubtful, whatever the classifier: copies, giveaways."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from wenlu.base.events import Events
from wenlu.corpus.leaks import near_copies
from wenlu.corpus.settings import DedupConfig
from wenlu.corpus.version import DatasetVersion
from wenlu.evaluation.doubts import CopiedText, Giveaway
from wenlu.evaluation.giveaways import giveaways
from wenlu.evaluation.hardest import cut
from wenlu.pipeline.stage import Finished, Stage
from wenlu.pipeline.stages.answers import judged_texts
from wenlu.storage.local import write_atomic

_FILE = "suspicion.json"
_ALIKE = DedupConfig().near or 1.0  # what an import takes for a copy if nobody says otherwise
_SHINGLE = DedupConfig().shingle
_SHOWN = 10


class Suspicion(msgspec.Struct, frozen=True):
    """The numbers of the test texts that have a near copy in training, the likest of them, and pieces that tell
    labels."""

    copies: tuple[int, ...]
    shown: tuple[CopiedText, ...]
    giveaways: tuple[Giveaway, ...]


def suspicion_stage(dataset: DatasetVersion) -> Stage:
    """Look for copies of training texts in test, unless the import has removed them, and for what gives labels away."""

    def make(folder: Path, work: Path, events: Events) -> dict[str, Any]:
        test = list(dataset.bodies("test"))
        copies = () if _deduplicated(dataset) else near_copies(
            test, dataset.bodies("train"), threshold=_ALIKE, shingle=_SHINGLE
        )  # fmt: skip
        shown = sorted(copies, key=lambda one: -one.similarity)[:_SHOWN]
        found = Suspicion(
            tuple(one.text for one in copies),
            tuple(CopiedText(cut(test[one.text]), cut(one.source), one.similarity) for one in shown),
            _giveaways(dataset),
        )
        write_atomic(folder / _FILE, msgspec.json.encode(found))
        told = ", ".join(f"“{one.piece}” tells {one.label}" for one in found.giveaways)
        events.result(
            f"{len(copies):,} of {len(test):,} test texts have a near copy in training" + (told and f"; {told}")
        )
        return {"copies": len(copies), "giveaways": len(found.giveaways)}

    return Stage(
        name="suspicion",
        inputs={"dataset": dataset.reference},
        packages=("pipeline.stages.suspicion", "pipeline.stages.answers", "base", "storage", "corpus", "evaluation"),
        make=make,
    )


def read_suspicion(stage: Finished) -> Suspicion:
    """What the stage found."""
    return msgspec.json.decode((stage.folder / _FILE).read_bytes(), type=Suspicion)


def _deduplicated(dataset: DatasetVersion) -> bool:
    """Whether the import left no near copy of a test text in training."""
    near = dataset.manifest.settings["dedup"]["near"]
    return near is not None and near <= _ALIKE


def _giveaways(dataset: DatasetVersion) -> tuple[Giveaway, ...]:
    number = {label: position for position, label in enumerate(dataset.labels)}
    texts = judged_texts(dataset, "train")
    truth = np.array([number[text.label or ""] for text in texts], dtype=np.int64)
    return giveaways([text.body for text in texts], truth, dataset.labels)
