"""Texts as ids → trained weights and their history."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
import torch
from safetensors.torch import save
from torch import nn

from wenlu.base.events import Events
from wenlu.bundle.manifest import WEIGHTS
from wenlu.corpus.version import DatasetVersion
from wenlu.models import Learns
from wenlu.pipeline.recipe import Contender, contender_model
from wenlu.pipeline.stage import Finished, Stage
from wenlu.storage.local import write_atomic
from wenlu.training.encoded import EncodedTexts
from wenlu.training.loop import Training

HISTORY = "history.json"


def training_stage(name: str, contender: Contender, tokenizer: Finished, dataset: DatasetVersion) -> Stage:
    """Train one contender; a killed training goes on from the checkpoint in its work folder."""
    named = contender_model(contender)
    threads = torch.get_num_threads()

    def make(folder: Path, work: Path, events: Events) -> dict[str, Any]:
        torch.manual_seed(contender.training.seed)
        size = tokenizer.result["size"]
        model: nn.Module = named.kind(named.config, vocabulary_size=size, labels=len(dataset.labels))
        parameters = sum(parameter.numel() for parameter in model.parameters())
        train = EncodedTexts.open(tokenizer.folder / "train")
        if isinstance(model, Learns):
            model.look_at((train.row(number), int(label)) for number, label in enumerate(train.labels))
        trained = Training(
            model,
            contender.training,
            train=train,
            validation=EncodedTexts.open(tokenizer.folder / "validation"),
            loss=nn.functional.cross_entropy,
            checkpoint=work / "checkpoint.safetensors",
            events=events,
        ).run()
        write_atomic(folder / WEIGHTS, save(model.state_dict()))
        write_atomic(folder / HISTORY, msgspec.json.encode(trained.history))
        best = trained.history[trained.best_epoch - 1]
        seconds = sum(epoch.seconds for epoch in trained.history)
        events.result(
            f"{parameters:,} parameters, {len(trained.history)} epochs in {seconds:.0f} s on {threads} threads; "
            f"best is epoch {best.number}: {best.validation_accuracy:.2%} on validation"
        )
        return {"parameters": parameters, "seconds": seconds, "best_epoch": trained.best_epoch}

    return Stage(
        name=f"training {name}",
        inputs={
            "tokenizer": tokenizer.fingerprint,
            "model": named.as_data(),
            "settings": contender.training.model_dump(mode="json"),
            "labels": dataset.labels,
            "torch": version("torch"),
            "threads": threads,
        },
        packages=("pipeline.stages.training", "base", "storage", "models", "training"),
        make=make,
    )
