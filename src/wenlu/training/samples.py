"""What a language model writes while it is trained, for people to watch it learn."""

from __future__ import annotations

from itertools import takewhile
from typing import Any, cast

from torch import nn

from wenlu.base.events import Events
from wenlu.bundle.generate import Writes, generate
from wenlu.text.chat.conversation import Turn
from wenlu.text.pipeline import TextPipeline
from wenlu.training.settings import SamplesConfig


class Samples:
    """Lets a model write on from the prompts, or answer them, and tells what it wrote.

    Chance is of its own, so the training goes on as if nobody had looked.
    """

    def __init__(self, config: SamplesConfig, pipeline: TextPipeline, events: Events) -> None:
        self._config, self._pipeline, self._events = config, pipeline, events
        self._rows = list(map(self._row, config.prompts))

    def __call__(self, model: nn.Module, step: int) -> None:
        """After so many steps of a model in evaluation mode."""
        writes, tokenizer = cast(Writes, cast(Any, model)), self._pipeline.tokenizer
        for prompt, row in zip(self._config.prompts, self._rows, strict=True):
            ids = generate(writes, row, self._config, end=tokenizer.end_id)
            self._events.wrote(step, prompt, tokenizer.decode(takewhile(self._is_piece, ids)))

    def _row(self, prompt: str) -> list[int]:
        """What is read before it writes: the beginning of a text, or of a conversation a question."""
        turns, tokenizer = self._pipeline.turns, self._pipeline.tokenizer
        if turns is None:
            return [tokenizer.end_id, *tokenizer.encode(self._pipeline.normalized(prompt))]
        return [*turns.encode([[Turn("user", prompt)]])[0], *turns.answering]

    def _is_piece(self, number: int) -> bool:
        return number < self._pipeline.tokenizer.size
