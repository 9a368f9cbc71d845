"""Texts as ids → trained weights and their history."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save
from torch import nn

from wenlu.base.errors import WenluError
from wenlu.base.events import Events
from wenlu.bundle.manifest import TEXT, WEIGHTS
from wenlu.corpus.readers.fields import SEPARATOR
from wenlu.corpus.version import DatasetVersion
from wenlu.models import Learns
from wenlu.pipeline.aims import AIMS
from wenlu.pipeline.aims.aim import Aim
from wenlu.pipeline.recipe import Contender, contender_model
from wenlu.pipeline.stage import Finished, Stage
from wenlu.pipeline.stages.together import Job, do_together, leave, taking_part
from wenlu.storage.local import write_atomic
from wenlu.text.pipeline import TextPipeline
from wenlu.training.checkpoint import Checkpoints
from wenlu.training.encoded import EncodedTexts
from wenlu.training.estimate import estimate, free_memory, refuse_too_many_weights, refuse_what_can_not_fit
from wenlu.training.loop import Training
from wenlu.training.place import choose_place
from wenlu.training.process import ALONE, Process, per_process
from wenlu.training.progress import Round, Trained
from wenlu.training.task import Rows

HISTORY = "history.json"
_SHOWN, _CHARACTERS = 3, 24


def training_stage(
    name: str,
    contender: Contender,
    tokenizer: Finished,
    dataset: DatasetVersion,
    *,
    aim: str,
    cluster: str | None = None,
) -> Stage:
    """Train one contender; a killed training goes on from the newest checkpoint in its work folder.

    Several processes do it together, here or on the Ray cluster at that address.
    """
    named = contender_model(contender)
    config = contender.training

    def make(folder: Path, work: Path, events: Events) -> dict[str, Any]:
        job = Job(contender, tokenizer, dataset, aim, folder, work)
        if config.processes == 1 and cluster is None:
            return train(job, events, ALONE)
        return do_together(job, "wenlu.pipeline.stages.training:take_part", events, cluster=cluster)

    return Stage(
        name=f"training {name}",
        inputs={
            "tokenizer": tokenizer.fingerprint,
            "model": named.as_data(),
            "settings": config.model_dump(mode="json", exclude={"processes", "shard"}),
            "aim": aim,
            "labels": dataset.labels,
            "torch": version("torch"),
        },
        ways={
            "processes": config.processes,
            "shard": config.shard,
            "threads": max(1, torch.get_num_threads() // config.processes),
        },
        packages=("pipeline.stages.training", "pipeline.aims", "base", "storage", "models", "training"),
        make=make,
    )


def take_part(path: Path) -> None:
    """What each of several processes does for the job at `path`; the first one leaves the result."""
    with taking_part(path) as (job, process, events):
        result = train(job, events, process)
        if process.main:
            leave(path, result)


def train(job: Job, events: Events, process: Process) -> dict[str, Any]:
    """Train, and put weights and history into the job's folder; raises WenluError."""
    config, tokenizer = job.contender.training, job.tokenizer
    named = contender_model(job.contender)
    goal: Aim = AIMS[job.aim](config, tokenizer, job.dataset)
    place = choose_place(config.device, config.precision, gains_by_half=getattr(named.kind, "gains_by_half", False))
    between = {"separator": _separator(tokenizer)} if getattr(named.kind, "compares", False) else {}
    arguments = {**goal.arguments(), **between}
    with torch.device("meta"):
        parameters = _parameters(named.kind(named.config, **arguments))
    held = per_process(parameters, process)
    refuse_too_many_weights(held, trained=held, place=place, free=process.room(free_memory(place.device)))
    torch.manual_seed(config.seed)
    model: nn.Module = named.kind(named.config, **arguments)
    checkpoints = Checkpoints(job.work / "checkpoints", config.keep, process)
    if isinstance(model, Learns) and checkpoints.newest() is None:
        model.look_at(_rows(tokenizer))
    training = Training(
        model,
        goal.task(place.device),
        config,
        place=place,
        checkpoints=checkpoints,
        events=events,
        show=lambda rows: _shown(job.dataset, rows),
        process=process,
    )
    if process.shard:
        events.result(f"{parameters:,} parameters, divided among {process.size} processes")
    elif process.main:
        _estimate(training, events)
    trained = training.run()
    weights = process.weights(model)
    if process.main:
        write_atomic(job.folder / WEIGHTS, save(weights))
        write_atomic(job.folder / HISTORY, msgspec.json.encode([goal.epoch(one) for one in trained.history]))
    where = str(place) if process.size == 1 else f"{process.size} processes of {place}"
    events.result(_said(trained, parameters, place=where))
    said = {"parameters": parameters, "seconds": trained.seconds, "best_epoch": trained.best_round}
    return {**said, **goal.said()}


def _estimate(training: Training, events: Events) -> None:
    """Say what it will cost; raises WenluError `does_not_fit`."""
    free = training.process.room(free_memory(training.place.device))
    found = estimate(training.model, training.task, training.config, training.place, weights=training.weights)
    refuse_what_can_not_fit(found, training.config, training.place, free=free)
    events.result(found.sentence(free=free, steps=training.epoch_steps, epochs=training.config.epochs))


def _rows(tokenizer: Finished) -> Iterator[tuple[NDArray[np.int32], int]]:
    """Ids and the number of the label of each training text."""
    texts = EncodedTexts.open(tokenizer.folder / "train")
    return ((texts.row(number), int(texts.truth[number])) for number in range(len(texts)))


def _parameters(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def _separator(tokenizer: Finished) -> int:
    """The id of the mark between two texts; raises WenluError `no_pairs` where the tokenizer has none for it."""
    pipeline = TextPipeline.load(tokenizer.folder / TEXT)
    ids = pipeline.encode([SEPARATOR])[0]
    if len(ids) != 1 or ids[0] == pipeline.tokenizer.unk_id:
        raise WenluError(
            "no_pairs",
            f"The training texts are no pairs: {SEPARATOR} is no token of theirs.",
            hint="Name both columns, text_column: [first, second], and take characters or words.",
        )
    return int(ids[0])


def _shown(dataset: DatasetVersion, rows: Rows) -> str:
    """The beginnings of the first of these texts."""
    wanted = sorted(rows)[:_SHOWN]
    bodies = islice(dataset.bodies("train"), wanted[-1] + 1)
    found = [body[:_CHARACTERS] for number, body in enumerate(bodies) if number in wanted]
    return f"{len(rows)} texts, such as " + ", ".join(f"“{beginning}”" for beginning in found)


def _said(trained: Trained, parameters: int, *, place: str) -> str:
    best: Round = trained.best
    rounds: Sequence[Round] = trained.history
    measures = ", ".join(f"{name} {value:.4f}" for name, value in best.validation.items())
    return (
        f"{parameters:,} parameters, {rounds[-1].epoch:g} epochs in {trained.seconds:.0f} s on {place}; "
        f"best after {best.epoch:g}: {measures} on validation"
    )
