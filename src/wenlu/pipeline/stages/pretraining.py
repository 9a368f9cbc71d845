"""Texts without labels → the weights that a model's backbone begins with.

Three stages of their own: the texts as a dataset from which everything is gone that is like a validation or test text;
a tokenizer that is learned from them; and the training, by the loop that trains everything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
import torch

from wenlu.base.component import Component
from wenlu.base.errors import WenluError
from wenlu.base.events import Events
from wenlu.corpus.settings import DataConfig
from wenlu.corpus.version import DatasetVersion
from wenlu.evaluation.facts import PretrainingFacts
from wenlu.evaluation.pretraining import FillingEpoch
from wenlu.pipeline.aims.fill import FillAim
from wenlu.pipeline.recipe import Contender, contender_model
from wenlu.pipeline.stage import Finished, Stage
from wenlu.pipeline.stages.dataset import dataset_stage
from wenlu.pipeline.stages.together import Job, Start, do_together, leave, taking_part
from wenlu.pipeline.stages.tokenizer import tokenizer_stage
from wenlu.pipeline.stages.training import BESIDE, HISTORY, learn
from wenlu.storage.workspace import Workspace
from wenlu.training.process import ALONE, Process

_LEAKS = ("duplicate_of_held_out", "near_duplicate_of_held_out")

Finish = Callable[[Stage], Finished]


@dataclass(frozen=True, slots=True)
class Pretrained:
    """What the stages of a pretraining made."""

    dataset: DatasetVersion
    tokenizer: Finished
    training: Finished

    @property
    def facts(self) -> PretrainingFacts:
        """For reports and lineage."""
        counts, result = self.dataset.manifest.counts, self.training.result
        history = msgspec.json.decode((self.training.folder / HISTORY).read_bytes(), type=list[FillingEpoch])
        best = history[result["best_epoch"] - 1]
        return PretrainingFacts(
            dataset=self.dataset.reference,
            texts=counts.splits["train"],
            left_out=leaking(self.dataset),
            epochs=history[-1].epoch,
            seconds=result["seconds"],
            first_loss=history[0].loss,
            loss=best.loss,
            accuracy=best.accuracy,
        )


def pretrain(
    name: str,
    contender: Contender,
    data: DataConfig,
    labelled: DatasetVersion,
    workspace: Workspace,
    *,
    finish: Finish,
    start: Start | None = None,
    cluster: str | None = None,
) -> Pretrained | None:
    """Let a contender's backbone learn from texts without labels first; None if its recipe does not ask for that.

    `data` and `labelled` are the recipe's dataset, as it says and as it was imported. Raises WenluError: `empty_split`
    where so few texts are left that none is held back, and what the stages raise.
    """
    if contender.pretraining is None or contender.to_pretrain is None:
        return None
    texts = contender.pretraining.data(data, labelled)
    imported = finish(dataset_stage(texts, workspace, name="texts to learn from first", cluster=cluster))
    dataset = DatasetVersion.open(workspace, imported.result["dataset"])
    if not dataset.count("train") or not dataset.count("validation"):
        raise WenluError(
            "empty_split",
            f"{dataset.manifest.counts.kept:,} texts are too few to pretrain on: some are held back to be judged by.",
            hint="Name more texts in pretraining.sources.",
        )
    tokenizer = finish(tokenizer_stage(f"{name} pretraining", contender.reads, dataset, workspace))
    stage = _stage(name, contender.to_pretrain, tokenizer, dataset, start=start, cluster=cluster)
    return Pretrained(dataset, tokenizer, finish(stage))


def leaking(dataset: DatasetVersion) -> int:
    """How many texts were left out since they are validation or test texts, or nearly."""
    return sum(dataset.manifest.counts.dropped.get(reason, 0) for reason in _LEAKS)


def _stage(
    name: str,
    contender: Contender,
    tokenizer: Finished,
    dataset: DatasetVersion,
    *,
    start: Start | None,
    cluster: str | None,
) -> Stage:
    config, pretraining = contender.training, contender.pretraining

    def make(folder: Path, work: Path, events: Events) -> dict[str, Any]:
        events.result(
            f"{leaking(dataset):,} texts are left out: copies of validation or test texts, letter for letter or nearly"
        )
        job = Job(contender, tokenizer, dataset, "fill", folder, work, start)
        if config.processes == 1 and cluster is None:
            return fill(job, events, ALONE)
        return do_together(job, "wenlu.pipeline.stages.pretraining:take_part", events, cluster=cluster)

    return Stage(
        name=f"pretraining {name}",
        inputs={
            "tokenizer": tokenizer.fingerprint,
            "model": _filler(contender).as_data(),
            "settings": config.model_dump(mode="json", exclude=BESIDE),
            "masking": pretraining and pretraining.model_dump(mode="json", include={"mask", "span"}),
            "start": start.title if start else None,
            "torch": version("torch"),
        },
        ways={
            "processes": config.processes,
            "shard": config.shard,
            "threads": max(1, torch.get_num_threads() // config.processes),
        },
        packages=(
            "pipeline.stages.pretraining",
            "pipeline.stages.training",
            "pipeline.aims.fill",
            "base",
            "storage",
            "models",
            "training",
        ),
        make=make,
    )


def take_part(path: Path) -> None:
    """What each of several processes does for the job at `path`; the first one leaves the result."""
    with taking_part(path) as (job, process, events):
        result = fill(job, events, process)
        if process.main:
            leave(path, result)


def fill(job: Job, events: Events, process: Process) -> dict[str, Any]:
    """Train the backbone; see `learn`."""
    pretraining = job.contender.pretraining
    if pretraining is None:
        raise TypeError("this contender is not to be pretrained")
    goal = FillAim(job.contender.training, pretraining, job.tokenizer)
    return learn(job, _filler(job.contender), goal, events, process)


def _filler(contender: Contender) -> Component:
    """What learns in the model's place. How the model pools and answers is nothing to it."""
    named = contender_model(contender)
    kind = named.kind.filler
    shared = named.config.model_dump(include=set(kind.Config.model_fields))
    return Component(named.name, kind, kind.Config(**shared))
