"""Texts as ids → trained weights and their history."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save
from torch import nn

from wenlu.base.errors import WenluError
from wenlu.base.events import Events
from wenlu.bundle.manifest import TEXT, WEIGHTS
from wenlu.bundle.seal import open_bundle
from wenlu.corpus.readers.fields import SEPARATOR
from wenlu.corpus.version import DatasetVersion
from wenlu.models import Learns
from wenlu.pipeline.aims import AIMS
from wenlu.pipeline.aims.aim import Aim
from wenlu.pipeline.recipe import Contender, contender_model
from wenlu.pipeline.stage import Finished, Stage
from wenlu.storage.local import write_atomic
from wenlu.text.pipeline import TextPipeline
from wenlu.training.adapt import adopt, chosen_weights
from wenlu.training.checkpoint import Checkpoints
from wenlu.training.encoded import EncodedTexts
from wenlu.training.estimate import estimate, free_memory, refuse_too_many_weights, refuse_what_can_not_fit
from wenlu.training.loop import Training
from wenlu.training.optimizers import Weight
from wenlu.training.place import Place, choose_place
from wenlu.training.plan import Plan, epochs_within, read_plan, worth_compiling, write_plan
from wenlu.training.progress import Round, Trained
from wenlu.training.settings import TrainingConfig
from wenlu.training.task import Rows, Task

HISTORY = "history.json"
_PLAN = "plan.json"
_SHOWN, _CHARACTERS = 3, 24


@dataclass(frozen=True, slots=True)
class Start:
    """A sealed model that a training begins with."""

    title: str
    folder: Path

    @classmethod
    def of(cls, folder: Path) -> Start:
        return cls(open_bundle(folder).title, folder)


def training_stage(
    name: str,
    contender: Contender,
    tokenizer: Finished,
    dataset: DatasetVersion,
    *,
    aim: str,
    start: Start | None = None,
) -> Stage:
    """Train one contender; a killed training goes on from the newest checkpoint in its work folder."""
    named = contender_model(contender)
    config = contender.training
    goal: Aim = AIMS[aim](config, tokenizer, dataset)
    threads = torch.get_num_threads()

    def make(folder: Path, work: Path, events: Events) -> dict[str, Any]:
        before = read_plan(work / _PLAN)
        place = choose_place(
            config.device,
            before.precision if before else config.precision,
            gains_by_half=getattr(named.kind, "gains_by_half", False),
        )
        between = {"separator": _separator(tokenizer)} if getattr(named.kind, "compares", False) else {}
        arguments = {**goal.arguments(), **between}
        with torch.device("meta"):
            parameters = _parameters(named.kind(named.config, **arguments))
        refuse_too_many_weights(parameters, trained=parameters, place=place, free=free_memory(place.device))
        torch.manual_seed(config.seed)
        model: nn.Module = named.kind(named.config, **arguments)
        if start is not None:
            adopted = adopt(model, load_file(start.folder / WEIGHTS), origin=start.title)
            events.result(adopted.sentence(start.title))
        weights = chosen_weights(model, freeze=config.freeze, rates=config.rates)
        checkpoints = Checkpoints(work / "checkpoints", config.keep)
        if isinstance(model, Learns) and checkpoints.newest() is None:
            model.look_at(_rows(tokenizer))
        task = goal.task(place.device)
        plan = before or _planned(model, task, config, place=place, weights=weights, events=events)
        write_plan(work / _PLAN, plan)
        if plan.compiled:
            model.compile_layers()
        training = Training(
            model,
            task,
            config.model_copy(update={"epochs": plan.epochs}),
            place=place,
            checkpoints=checkpoints,
            events=events,
            weights=weights,
            show=lambda rows: _shown(dataset, rows),
        )
        trained = training.run()
        write_atomic(folder / WEIGHTS, save(model.cpu().state_dict()))
        write_atomic(folder / HISTORY, msgspec.json.encode([goal.epoch(one) for one in trained.history]))
        events.result(_said(trained, parameters, place=str(place)))
        said = {"parameters": parameters, "seconds": trained.seconds, "best_epoch": trained.best_round}
        return {**said, **goal.said(), "parents": [start.title] if start else []}

    return Stage(
        name=f"training {name}",
        inputs={
            "tokenizer": tokenizer.fingerprint,
            "model": named.as_data(),
            "settings": config.model_dump(mode="json"),
            "aim": aim,
            "start": start.title if start else None,
            "labels": dataset.labels,
            "torch": version("torch"),
            "threads": threads,
        },
        packages=("pipeline.stages.training", "pipeline.aims", "base", "storage", "models", "training"),
        make=make,
    )


def _planned(
    model: nn.Module, task: Task, config: TrainingConfig, *, place: Place, weights: Sequence[Weight], events: Events
) -> Plan:
    """Say what it will cost; raises WenluError `does_not_fit`."""
    free = free_memory(place.device)
    found = estimate(model, task, config, place, weights=weights)
    refuse_what_can_not_fit(found, config, place, free=free)
    epochs = epochs_within(config, found)
    compiled = worth_compiling(config, model, found, epochs=epochs)
    events.result(found.sentence(free=free, steps=len(task.batches(1)), epochs=epochs))
    if epochs < config.epochs:
        events.result(f"{epochs} of {config.epochs} epochs fit into {config.minutes:g} minutes")
    return Plan("bfloat16" if place.precision == torch.bfloat16 else "float32", compiled, epochs)


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
