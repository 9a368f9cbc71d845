"""Training a model that answers with a number."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
import torch

from wenlu.base.component import component
from wenlu.corpus.version import DatasetVersion
from wenlu.evaluation.regression.verdict import Epoch
from wenlu.pipeline.stage import Finished
from wenlu.training.encoded import EncodedTexts
from wenlu.training.losses import DEFAULT, LOSSES, Loss
from wenlu.training.progress import Round
from wenlu.training.settings import TrainingConfig
from wenlu.training.task import Task
from wenlu.training.tasks.regress import Regress


class RegressAim:
    """One output: deviations from the mean of the training targets."""

    def __init__(self, config: TrainingConfig, tokenizer: Finished, dataset: DatasetVersion) -> None:
        self._config, self._tokenizer = config, tokenizer

    def arguments(self) -> Mapping[str, Any]:
        return {"vocabulary_size": self._tokenizer.result["size"], "labels": 1}

    def task(self, device: torch.device) -> Task:
        return Regress(
            self._train,
            EncodedTexts.open(self._tokenizer.folder / "validation"),
            loss=self._loss(),
            **self._scale,
            batch=self._config.batch,
            seed=self._config.seed,
            device=device,
        )

    def epoch(self, one: Round) -> Epoch:
        return Epoch(
            number=one.number,
            train_loss=one.train["loss"],
            train_rmse=math.sqrt(one.train["error"]),
            validation_loss=one.validation["loss"],
            validation_rmse=math.sqrt(one.validation["error"]),
            seconds=one.seconds,
        )

    def said(self) -> Mapping[str, Any]:
        return {"scale": self._scale}

    @cached_property
    def _train(self) -> EncodedTexts:
        return EncodedTexts.open(self._tokenizer.folder / "train")

    @cached_property
    def _scale(self) -> dict[str, float]:
        """Mean and deviation of the training targets."""
        return {
            "mean": float(self._train.truth.mean(dtype=np.float64)),
            "deviation": float(self._train.truth.std(dtype=np.float64)),
        }

    def _loss(self) -> Loss:
        named = component(LOSSES, self._config.loss or DEFAULT["regress"], where="training: loss")
        loss: Loss = named.kind(named.config)
        return loss
