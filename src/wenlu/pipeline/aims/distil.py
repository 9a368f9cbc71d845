"""Training a classifier on what others answer. What differs from labels alone is the task, so it is no row."""

from __future__ import annotations

from pathlib import Path

import torch

from wenlu.corpus.version import DatasetVersion
from wenlu.pipeline.aims.classify import ClassifyAim
from wenlu.pipeline.distil import DistilConfig
from wenlu.pipeline.stage import Finished
from wenlu.training.encoded import EncodedTexts
from wenlu.training.settings import TrainingConfig
from wenlu.training.task import Task
from wenlu.training.tasks.distil import Distil, open_teacher

TEACHER = "teacher.f32"


class DistilAim(ClassifyAim):
    """A logit a label, as its teachers answer to the texts in `taught`."""

    def __init__(
        self, config: TrainingConfig, distil: DistilConfig, tokenizer: Finished, dataset: DatasetVersion, taught: Path
    ) -> None:
        super().__init__(config, tokenizer, dataset)
        self._distil, self._taught = distil, taught

    def task(self, device: torch.device) -> Task:
        return Distil(
            EncodedTexts.open(self._taught / "train"),
            EncodedTexts.open(self._tokenizer.folder / "validation"),
            teacher=open_teacher(self._taught / TEACHER, labels=len(self._dataset.labels)),
            loss=self._loss(),
            temperature=self._distil.temperature,
            weight=self._distil.weight,
            batch=self._config.batch,
            seed=self._config.seed,
            device=device,
        )
