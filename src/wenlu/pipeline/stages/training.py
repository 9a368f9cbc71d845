"""Texts as ids → trained weights and their history."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import torch
from safetensors.torch import save
from torch import nn

from wenlu.base.component import component
from wenlu.base.events import Events
from wenlu.bundle.manifest import WEIGHTS
from wenlu.corpus.version import DatasetVersion
from wenlu.evaluation.verdict import Epoch
from wenlu.pipeline.recipe import Contender, contender_model
from wenlu.pipeline.stage import Finished, Stage
from wenlu.storage.local import write_atomic
from wenlu.training.checkpoint import Checkpoints
from wenlu.training.encoded import EncodedTexts
from wenlu.training.estimate import estimate, free_memory, refuse_too_many_weights, refuse_what_can_not_fit
from wenlu.training.loop import Training
from wenlu.training.losses import DEFAULT, LOSSES, Loss
from wenlu.training.place import choose_place
from wenlu.training.progress import Round, Trained
from wenlu.training.settings import TrainingConfig
from wenlu.training.task import Rows
from wenlu.training.tasks.classify import Classify

HISTORY = "history.json"
_SHOWN, _CHARACTERS = 3, 24


def training_stage(name: str, contender: Contender, tokenizer: Finished, dataset: DatasetVersion) -> Stage:
    """Train one contender; a killed training goes on from the newest checkpoint in its work folder."""
    named = contender_model(contender)
    config = contender.training
    threads = torch.get_num_threads()

    def make(folder: Path, work: Path, events: Events) -> dict[str, Any]:
        place = choose_place(config.device, config.precision, gains_by_half=getattr(named.kind, "gains_by_half", False))
        size = tokenizer.result["size"]
        labels = len(dataset.labels)
        with torch.device("meta"):
            parameters = _parameters(named.kind(named.config, vocabulary_size=size, labels=labels))
        refuse_too_many_weights(parameters, trained=parameters, place=place, free=free_memory(place.device))
        torch.manual_seed(config.seed)
        model: nn.Module = named.kind(named.config, vocabulary_size=size, labels=labels)
        task = Classify(
            EncodedTexts.open(tokenizer.folder / "train"),
            EncodedTexts.open(tokenizer.folder / "validation"),
            loss=_loss(config, dataset),
            batch=config.batch,
            seed=config.seed,
            device=place.device,
        )
        training = Training(
            model,
            task,
            config,
            place=place,
            checkpoints=Checkpoints(work / "checkpoints", config.keep),
            events=events,
            show=lambda rows: _shown(dataset, rows),
        )
        _estimate(training, events)
        trained = training.run()
        write_atomic(folder / WEIGHTS, save(model.cpu().state_dict()))
        write_atomic(folder / HISTORY, msgspec.json.encode([_epoch(one) for one in trained.history]))
        events.result(_said(trained, parameters, place=str(place)))
        return {"parameters": parameters, "seconds": trained.seconds, "best_epoch": trained.best_round}

    return Stage(
        name=f"training {name}",
        inputs={
            "tokenizer": tokenizer.fingerprint,
            "model": named.as_data(),
            "settings": config.model_dump(mode="json"),
            "labels": dataset.labels,
            "torch": version("torch"),
            "threads": threads,
        },
        packages=("pipeline.stages.training", "base", "storage", "models", "training"),
        make=make,
    )


def _estimate(training: Training, events: Events) -> None:
    """Say what it will cost; raises WenluError `does_not_fit`."""
    free = free_memory(training.place.device)
    found = estimate(training.model, training.task, training.config, training.place, weights=training.weights)
    refuse_what_can_not_fit(found, training.config, training.place, free=free)
    events.result(found.sentence(free=free, steps=training.epoch_steps, epochs=training.config.epochs))


def _loss(config: TrainingConfig, dataset: DatasetVersion) -> Loss:
    named = component(LOSSES, config.loss or DEFAULT["classify"], where="training: loss")
    counts = dataset.label_counts("train")
    loss: Loss = named.kind(named.config, counts=[counts[label] for label in dataset.labels])
    return loss


def _parameters(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def _epoch(one: Round) -> Epoch:
    """A round as the verdict reads it."""
    return Epoch(
        number=one.number,
        train_loss=one.train["loss"],
        train_accuracy=one.train["accuracy"],
        validation_loss=one.validation["loss"],
        validation_accuracy=one.validation["accuracy"],
        seconds=one.seconds,
    )


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
