"""Training a language model to answer."""

from __future__ import annotations

import torch

from wenlu.base.errors import WenluError
from wenlu.bundle.manifest import TEXT
from wenlu.pipeline.aims.generate import GenerateAim
from wenlu.text.chat.turns import Turns
from wenlu.text.pipeline import TextPipeline
from wenlu.training.encoded import EncodedTexts
from wenlu.training.task import Task
from wenlu.training.tasks.chat import Chat


class ChatAim(GenerateAim):
    """A logit for each id that may come next in an answer."""

    def task(self, device: torch.device) -> Task:
        folder = self._tokenizer.folder
        return Chat(
            EncodedTexts.open(folder / "train"),
            EncodedTexts.open(folder / "validation"),
            packing=self._config.packing,
            turns=turns_in(TextPipeline.load(folder / TEXT)),
            batch=self._config.batch,
            seed=self._config.seed,
            device=device,
        )


def turns_in(pipeline: TextPipeline) -> Turns:
    """How the pipeline lays conversations out; raises WenluError `no_template`."""
    if pipeline.turns is None:
        raise WenluError(
            "no_template", "The text pipeline has no template for conversations.", hint="See text.template"
        )
    return pipeline.turns
