"""What a language model writes while it is trained, for people to watch it learn."""

from __future__ import annotations

from typing import Any, cast

from torch import nn

from wenlu.base.events import Events
from wenlu.bundle.generate import Writes, generate
from wenlu.text.pipeline import TextPipeline
from wenlu.training.settings import SamplesConfig


class Samples:
    """Lets a model write on from the prompts, and tells what it wrote.

    Chance is of its own, so the training goes on as if nobody had looked.
    """

    def __init__(self, config: SamplesConfig, pipeline: TextPipeline, events: Events) -> None:
        self._config, self._tokenizer, self._events = config, pipeline.tokenizer, events
        prompts = [pipeline.normalized(prompt) for prompt in config.prompts]
        self._rows = [[self._tokenizer.end_id, *ids] for ids in self._tokenizer.encode_batch(prompts)]

    def __call__(self, model: nn.Module, step: int) -> None:
        """After so many steps of a model in evaluation mode."""
        writes, end = cast(Writes, cast(Any, model)), self._tokenizer.end_id
        for prompt, row in zip(self._config.prompts, self._rows, strict=True):
            written = self._tokenizer.decode(generate(writes, row, self._config, end=end))
            self._events.wrote(step, prompt, written)
