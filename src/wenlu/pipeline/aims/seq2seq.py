"""Training a model from text to text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch

from wenlu.base.component import component
from wenlu.bundle.manifest import TEXT
from wenlu.corpus.version import DatasetVersion
from wenlu.evaluation.seq2seq.facts import PairEpoch
from wenlu.pipeline.stage import Finished
from wenlu.text.pipeline import TextPipeline
from wenlu.training.encoded import EncodedTexts
from wenlu.training.losses import DEFAULT, LOSSES
from wenlu.training.pairs import EncodedPairs
from wenlu.training.progress import Round
from wenlu.training.settings import TrainingConfig
from wenlu.training.task import Task
from wenlu.training.tasks.seq2seq import Seq2seq


class Seq2seqAim:
    """A logit for each id that may come next in a target."""

    together: ClassVar[int] = 2
    """Encoded texts a pair."""

    def __init__(self, config: TrainingConfig, tokenizer: Finished, dataset: DatasetVersion) -> None:
        self._config, self._tokenizer = config, tokenizer

    def arguments(self) -> Mapping[str, Any]:
        return {"vocabulary_size": self._tokenizer.result["size"]}

    def task(self, device: torch.device) -> Task:
        pipeline = TextPipeline.load(self._tokenizer.folder / TEXT)
        train, validation = (
            EncodedPairs(
                EncodedTexts.open(self._tokenizer.folder / split),
                together=self.together,
                longest=pipeline.config.max_length,
                end=pipeline.tokenizer.end_id,
            )
            for split in ("train", "validation")
        )
        named = component(LOSSES, self._config.loss or DEFAULT["seq2seq"], where="training: loss")
        return Seq2seq(
            train,
            validation,
            loss=named.kind(named.config),
            batch=self._config.batch,
            seed=self._config.seed,
            device=device,
        )

    def epoch(self, one: Round) -> PairEpoch:
        return PairEpoch(
            number=one.number,
            epoch=one.epoch,
            train_loss=one.train["loss"],
            validation_loss=one.validation["loss"],
            seconds=one.seconds,
        )

    def said(self) -> Mapping[str, Any]:
        return {}


class AutoencodeAim(Seq2seqAim):
    """The same where each text is its own target."""

    together = 1
