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

from wenlu.base.errors import WenluError
from wenlu.base.events import Events
from wenlu.bundle.manifest import TEXT, WEIGHTS
from wenlu.corpus.readers.fields import SEPARATOR
from wenlu.corpus.version import DatasetVersion
from wenlu.pipeline.aims import AIMS
from wenlu.pipeline.aims.aim import Aim
from wenlu.pipeline.recipe import Contender, contender_model
from wenlu.pipeline.stage import Finished, Stage
from wenlu.storage.local import write_atomic
from wenlu.text.pipeline import TextPipeline
from wenlu.training.checkpoint import Checkpoints
from wenlu.training.loop import Training
from wenlu.training.place import choose_place
from wenlu.training.progress import Round, Trained
from wenlu.training.task import Rows

HISTORY = "history.json"
_SHOWN, _CHARACTERS = 3, 24


def training_stage(name: str, contender: Contender, tokenizer: Finished, dataset: DatasetVersion, *, aim: str) -> Stage:
    """Train one contender; a killed training goes on from the newest checkpoint in its work folder."""
    named = contender_model(contender)
    config = contender.training
    goal: Aim = AIMS[aim](config, tokenizer, dataset)
    threads = torch.get_num_threads()

    def make(folder: Path, work: Path, events: Events) -> dict[str, Any]:
        place = choose_place(config.device, config.precision, gains_by_half=getattr(named.kind, "gains_by_half", False))
        torch.manual_seed(config.seed)
        between = {"separator": _separator(tokenizer)} if getattr(named.kind, "compares", False) else {}
        model: nn.Module = named.kind(named.config, **goal.arguments(), **between)
        parameters = sum(parameter.numel() for parameter in model.parameters())
        training = Training(
            model,
            goal.task(place.device),
            config,
            place=place,
            checkpoints=Checkpoints(work / "checkpoints", config.keep),
            events=events,
            show=lambda rows: _shown(dataset, rows),
        )
        trained = training.run()
        write_atomic(folder / WEIGHTS, save(model.cpu().state_dict()))
        write_atomic(folder / HISTORY, msgspec.json.encode([goal.epoch(one) for one in trained.history]))
        events.result(_said(trained, parameters, place=str(place)))
        said = {"parameters": parameters, "seconds": trained.seconds, "best_epoch": trained.best_round}
        return {**said, **goal.said()}

    return Stage(
        name=f"training {name}",
        inputs={
            "tokenizer": tokenizer.fingerprint,
            "model": named.as_data(),
            "settings": config.model_dump(mode="json"),
            "aim": aim,
            "labels": dataset.labels,
            "torch": version("torch"),
            "threads": threads,
        },
        packages=("pipeline.stages.training", "pipeline.aims", "base", "storage", "models", "training"),
        make=make,
    )


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
