"""Training a language model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from wenlu.bundle.manifest import TEXT
from wenlu.corpus.version import DatasetVersion
from wenlu.evaluation.language.facts import LanguageEpoch
from wenlu.pipeline.stage import Finished
from wenlu.text.pipeline import TextPipeline
from wenlu.training.encoded import EncodedTexts
from wenlu.training.progress import Round
from wenlu.training.settings import TrainingConfig
from wenlu.training.task import Task
from wenlu.training.tasks.generate import Generate


class GenerateAim:
    """A logit for each id that may come next."""

    def __init__(self, config: TrainingConfig, tokenizer: Finished, dataset: DatasetVersion) -> None:
        self._config, self._tokenizer = config, tokenizer

    def arguments(self) -> Mapping[str, Any]:
        return {"vocabulary_size": self._tokenizer.result["size"]}

    def task(self, device: torch.device) -> Task:
        return Generate(
            EncodedTexts.open(self._tokenizer.folder / "train"),
            EncodedTexts.open(self._tokenizer.folder / "validation"),
            packing=self._config.packing,
            separator=TextPipeline.load(self._tokenizer.folder / TEXT).tokenizer.end_id,
            batch=self._config.batch,
            seed=self._config.seed,
            device=device,
        )

    def epoch(self, one: Round) -> LanguageEpoch:
        return LanguageEpoch(
            number=one.number,
            epoch=one.epoch,
            train_loss=one.train["loss"],
            validation_loss=one.validation["loss"],
            seconds=one.seconds,
        )

    def said(self) -> Mapping[str, Any]:
        return {}
