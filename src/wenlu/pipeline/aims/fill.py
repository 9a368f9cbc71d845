"""Training a backbone on texts without labels. Its task is no recipe's, so it is no row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from wenlu.base.errors import WenluError
from wenlu.bundle.manifest import TEXT
from wenlu.evaluation.pretraining import FillingEpoch
from wenlu.pipeline.fit import reads_once
from wenlu.pipeline.pretraining import PretrainingConfig
from wenlu.pipeline.stage import Finished
from wenlu.text.pipeline import TextPipeline
from wenlu.text.tokenizers import Tokenizer
from wenlu.training.encoded import EncodedTexts
from wenlu.training.masking import Masking
from wenlu.training.progress import Round
from wenlu.training.settings import TrainingConfig
from wenlu.training.task import Task
from wenlu.training.tasks.fill import Fill


class FillAim:
    """A logit for each id that may stand at a masked place.

    What hides an id is the one of what the tokenizer does not know: no text needs another, and a model that has learned
    to look around such a place knows what to make of a strange character too.
    """

    def __init__(self, config: TrainingConfig, pretraining: PretrainingConfig, tokenizer: Finished) -> None:
        self._config, self._pretraining, self._encoded = config, pretraining, tokenizer

    def arguments(self) -> Mapping[str, Any]:
        return {"vocabulary_size": self._encoded.result["size"]}

    def task(self, device: torch.device) -> Task:
        """Raises WenluError `read_twice` for a tokenizer whose ids tell what others stand for."""
        return Fill(
            EncodedTexts.open(self._encoded.folder / "train"),
            EncodedTexts.open(self._encoded.folder / "validation"),
            masking=self._masking(TextPipeline.load(self._encoded.folder / TEXT).tokenizer),
            batch=self._config.batch,
            seed=self._config.seed,
            device=device,
        )

    def epoch(self, one: Round) -> FillingEpoch:
        return FillingEpoch(
            number=one.number,
            epoch=one.epoch,
            train_loss=one.train["loss"],
            loss=one.validation["loss"],
            accuracy=one.validation["accuracy"],
            seconds=one.seconds,
        )

    def said(self) -> Mapping[str, Any]:
        return {}

    def _masking(self, tokenizer: Tokenizer) -> Masking:
        if not reads_once(type(tokenizer)):
            raise WenluError(
                "read_twice",
                "This tokenizer reads a text twice, so what is masked stands there again.",
                hint="Pretrain with char, word, bpe or unigram.",
            )
        said = self._pretraining
        special = [one for one in (tokenizer.pad_id, tokenizer.unk_id, tokenizer.end_id) if one is not None]
        ordinary = np.setdiff1d(np.arange(tokenizer.size), special)
        return Masking(said.mask, said.span, tokenizer.unk_id, ordinary, self._config.seed)
