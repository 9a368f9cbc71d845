"""Texts as ids → trained weights and their history."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterator, Sequence
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save
from torch import nn

from wenlu.base.component import Component
from wenlu.base.errors import WenluError
from wenlu.base.events import Events
from wenlu.bundle.manifest import TEXT, WEIGHTS
from wenlu.corpus.readers.fields import SEPARATOR
from wenlu.corpus.version import DatasetVersion
from wenlu.models import Brought, Learns
from wenlu.pipeline.aims import AIMS
from wenlu.pipeline.aims.aim import Aim
from wenlu.pipeline.aims.distil import DistilAim
from wenlu.pipeline.recipe import Contender, contender_model
from wenlu.pipeline.stage import Finished, Stage
from wenlu.pipeline.stages.beginning import adopted, brought, grown_of, pipeline_of
from wenlu.pipeline.stages.together import Job, Start, do_together, leave, taking_part
from wenlu.storage.local import write_atomic
from wenlu.text.pipeline import TextPipeline
from wenlu.training.adapt import adopt, chosen_weights
from wenlu.training.checkpoint import Checkpoints
from wenlu.training.encoded import EncodedTexts
from wenlu.training.estimate import estimate, free_memory, refuse_too_many_weights, refuse_what_can_not_fit
from wenlu.training.loop import Training
from wenlu.training.lora import attach, merge
from wenlu.training.optimizers import Weight
from wenlu.training.place import Place, choose_place
from wenlu.training.plan import Plan, epochs_within, read_plan, worth_compiling, write_plan
from wenlu.training.precision import KINDS
from wenlu.training.process import ALONE, Process, per_process
from wenlu.training.progress import Round, Trained
from wenlu.training.samples import Samples
from wenlu.training.settings import TrainingConfig
from wenlu.training.task import Rows, Task
from wenlu.training.vectors import vectors_of

HISTORY = "history.json"
BESIDE = {"processes", "shard", "samples"}
"""Settings of a training that do not decide what is learned."""

_PLAN = "plan.json"
_PRETRAINING = "the pretraining"
_SHOWN, _CHARACTERS = 3, 24


def training_stage(
    name: str,
    contender: Contender,
    tokenizer: Finished,
    dataset: DatasetVersion,
    *,
    aim: str,
    start: Start | None = None,
    pretrained: Finished | None = None,
    taught: Finished | None = None,
    cluster: str | None = None,
) -> Stage:
    """Train one contender; a killed training goes on from the newest checkpoint in its work folder.

    It begins with the weights of `start`, and of the stage in which its backbone was `pretrained`, and learns from the
    answers of the stage in which it is `taught`. Several processes do it together, here or on the Ray cluster at that
    address.
    """
    named = contender_model(contender)
    config = contender.training

    def make(folder: Path, work: Path, events: Events) -> dict[str, Any]:
        before = (one.folder if one else None for one in (pretrained, taught))
        job = Job(contender, tokenizer, dataset, aim, folder, work, start, *before)
        if config.processes == 1 and cluster is None:
            result = train(job, events, ALONE)
        else:
            result = do_together(job, "wenlu.pipeline.stages.training:take_part", events, cluster=cluster)
        return {**result, "parents": [*result["parents"], *(taught.result["teachers"] if taught else [])]}

    return Stage(
        name=f"training {name}",
        inputs={
            "tokenizer": tokenizer.fingerprint,
            "model": named.as_data(),
            **({"files": named.config.files()} if isinstance(named.config, Brought) else {}),
            "settings": config.model_dump(mode="json", exclude=BESIDE),
            "aim": aim,
            "start": start.title if start else None,
            "pretrained": pretrained.fingerprint if pretrained else None,
            "taught": taught.fingerprint if taught else None,
            "distil": contender.distil.model_dump(mode="json") if contender.distil else None,
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
    """Train for the job's task; see `learn`."""
    config, distil = job.contender.training, job.contender.distil
    goal: Aim
    if distil is not None and job.taught is not None:
        goal = DistilAim(config, distil, job.tokenizer, job.dataset, job.taught)
    else:
        goal = AIMS[job.aim](config, job.tokenizer, job.dataset)
    return learn(job, contender_model(job.contender), goal, events, process)


def learn(job: Job, named: Component, goal: Aim, events: Events, process: Process) -> dict[str, Any]:
    """Train a model for a goal, and put weights and history into the job's folder; raises WenluError."""
    config = job.contender.training
    before = read_plan(job.work / _PLAN)
    place = _place(config, named, before, process)
    checkpoints = Checkpoints(job.work / "checkpoints", config.keep, process)
    model = _model(job, named, goal, place=place, process=process, events=events)
    if isinstance(model, Learns) and checkpoints.newest() is None:
        model.look_at(_rows(job.tokenizer))
    if config.lora is not None:
        beside = attach(model, config.lora, whole=_whole(model, job))
        events.result(f"adapters of rank {config.lora.rank} beside {len(beside)} linear layers")
    weights = chosen_weights(model, freeze=config.freeze, rates=config.rates)
    task = goal.task(place.device)
    plan = before or _planned(model, task, config, place=place, weights=weights, process=process, events=events)
    if process.main:
        write_plan(job.work / _PLAN, plan)
    if plan.compiled:
        _compile(model, job.work / "compiled")
    training = Training(
        model,
        task,
        config.model_copy(update={"epochs": plan.epochs}),
        place=place,
        checkpoints=checkpoints,
        events=events,
        weights=weights,
        show=lambda rows: _shown(job.dataset, rows),
        watch=_samples(job, events),
        process=process,
    )
    trained = training.run()
    if config.lora is not None:
        merge(model)
    parameters = _parameters(model)
    kept = process.weights(model)
    if process.main:
        write_atomic(job.folder / WEIGHTS, save(kept))
        write_atomic(job.folder / HISTORY, msgspec.json.encode([goal.epoch(one) for one in trained.history]))
    where = str(place) if process.size == 1 else f"{process.size} processes of {place}"
    events.result(_said(trained, parameters, place=where))
    said = {"parameters": parameters, "seconds": trained.seconds, "best_epoch": trained.best_round}
    return {**said, **goal.said(), "parents": [job.start.title] if job.start else []}


def _samples(job: Job, events: Events) -> Samples | None:
    """What lets people watch a language model learn, if they want to."""
    config = job.contender.training.samples
    return None if config is None else Samples(config, TextPipeline.load(job.tokenizer.folder / TEXT), events)


def _place(config: TrainingConfig, named: Component, before: Plan | None, process: Process) -> Place:
    """Where it computes; in which numbers, the first process says, or said when the training began."""
    gains = getattr(named.kind, "gains_by_half", False)
    found = choose_place(config.device, before.precision if before else config.precision, gains_by_half=gains)
    half = process.agreed({"half": float(found.precision == torch.bfloat16)})["half"]
    return Place(found.device, KINDS["bfloat16" if half else "float32"])


def _model(job: Job, named: Component, goal: Aim, *, place: Place, process: Process, events: Events) -> nn.Module:
    """A new model, or one that begins where another ended; raises WenluError `does_not_fit` before it is made."""
    between = {"separator": _separator(job.tokenizer)} if getattr(named.kind, "compares", False) else {}
    arguments = {**goal.arguments(), **between}
    with torch.device("meta"):
        hollow = named.kind(named.config, **arguments)
    held, learned = (per_process(number, process) for number in _numbers(hollow, job))
    refuse_too_many_weights(held, trained=learned, place=place, free=process.room(free_memory(place.device)))
    torch.manual_seed(job.contender.training.seed)
    model: nn.Module = named.kind(named.config, **arguments)
    pipeline = pipeline_of(job.tokenizer)
    if said := brought(model, named, pipeline):
        events.result(said)
    if job.start is not None:
        events.result(adopted(model, job.start, pipeline).sentence(job.start.title))
    if job.pretrained is not None:
        learned = adopt(model, load_file(job.pretrained / WEIGHTS), origin=_PRETRAINING)
        events.result(learned.sentence(_PRETRAINING))
    return model


def _planned(
    model: nn.Module,
    task: Task,
    config: TrainingConfig,
    *,
    place: Place,
    weights: Sequence[Weight],
    process: Process,
    events: Events,
) -> Plan:
    """Say what it will cost, and decide what follows; raises WenluError `does_not_fit`. The first process decides."""
    precision: Literal["float32", "bfloat16"] = "bfloat16" if place.precision == torch.bfloat16 else "float32"
    if process.shard:
        events.result(f"{_parameters(model):,} parameters, divided among {process.size} processes")
        return Plan(precision, compiled=False, epochs=config.epochs)
    epochs, compiled = config.epochs, False
    if process.main:
        free = process.room(free_memory(place.device))
        found = estimate(model, task, config, place, weights=weights)
        refuse_what_can_not_fit(found, config, place, free=free)
        epochs = epochs_within(config, found)
        compiled = process.size == 1 and config.lora is None and worth_compiling(config, model, found, epochs=epochs)
        events.result(found.sentence(free=free, steps=len(task.batches(1)), epochs=epochs))
        if epochs < config.epochs:
            events.result(f"{epochs} of {config.epochs} epochs fit into {config.minutes:g} minutes")
    agreed = process.agreed({"epochs": epochs, "compiled": compiled})
    return Plan(precision, compiled=bool(agreed["compiled"]), epochs=int(agreed["epochs"]))


def _compile(model: nn.Module, folder: Path) -> None:
    """Compile in a folder of this start's own: what a killed process left half-written would break the next one."""
    shutil.rmtree(folder, ignore_errors=True)
    os.environ["TORCHINDUCTOR_CACHE_DIR"] = str(folder.resolve())
    model.compile_layers()


def _rows(tokenizer: Finished) -> Iterator[tuple[NDArray[np.int32], int]]:
    """Ids and the number of the label of each training text."""
    texts = EncodedTexts.open(tokenizer.folder / "train")
    return ((texts.row(number), int(texts.truth[number])) for number in range(len(texts)))


def _numbers(model: nn.Module, job: Job) -> tuple[int, int]:
    """How many weights a model has, and how many of them are trained."""
    held, config = _parameters(model), job.contender.training
    if config.lora is not None:
        attach(model, config.lora, whole=_whole(model, job))
    weights = chosen_weights(model, freeze=config.freeze, rates=config.rates)
    return held, sum(weight.parameter.numel() for weight in weights)


def _whole(model: nn.Module, job: Job) -> Collection[str]:
    """What is learned beside adapters: the vectors of ids, if there are new ones, or marks, among them."""
    pipeline = pipeline_of(job.tokenizer)
    anew = grown_of(pipeline.tokenizer) is not None or pipeline.turns is not None
    return vectors_of(model, pipeline.size) if anew else ()


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
