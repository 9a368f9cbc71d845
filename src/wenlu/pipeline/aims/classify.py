"""Training a classifier."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from wenlu.base.component import component
from wenlu.corpus.version import DatasetVersion
from wenlu.evaluation.verdict import Epoch
from wenlu.pipeline.stage import Finished
from wenlu.training.encoded import EncodedTexts
from wenlu.training.losses import DEFAULT, LOSSES, Loss
from wenlu.training.progress import Round
from wenlu.training.settings import TrainingConfig
from wenlu.training.task import Task
from wenlu.training.tasks.classify import Classify


class ClassifyAim:
    """A logit a label."""

    def __init__(self, config: TrainingConfig, tokenizer: Finished, dataset: DatasetVersion) -> None:
        self._config, self._tokenizer, self._dataset = config, tokenizer, dataset

    def arguments(self) -> Mapping[str, Any]:
        return {"vocabulary_size": self._tokenizer.result["size"], "labels": len(self._dataset.labels)}

    def task(self, device: torch.device) -> Task:
        return Classify(
            EncodedTexts.open(self._tokenizer.folder / "train"),
            EncodedTexts.open(self._tokenizer.folder / "validation"),
            loss=self._loss(),
            batch=self._config.batch,
            seed=self._config.seed,
            device=device,
        )

    def epoch(self, one: Round) -> Epoch:
        return Epoch(
            number=one.number,
            train_loss=one.train["loss"],
            train_accuracy=one.train["accuracy"],
            validation_loss=one.validation["loss"],
            validation_accuracy=one.validation["accuracy"],
            seconds=one.seconds,
        )

    def said(self) -> Mapping[str, Any]:
        return {}

    def _loss(self) -> Loss:
        named = component(LOSSES, self._config.loss or DEFAULT["classify"], where="training: loss")
        counts = self._dataset.label_counts("train")
        loss: Loss = named.kind(named.config, counts=[counts[label] for label in self._dataset.labels])
        return loss
