"""Writing on from some ids, one id at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import torch
from torch import Tensor

from wenlu.base.errors import WenluError
from wenlu.bundle.sampling import Sampling

Read = Callable[[Sequence[int]], Tensor]
"""Ids that follow those read before → logits [V] of the id behind them."""


class Writes(Protocol):
    """A model that can write on."""

    def reader(self) -> Read:
        """A fresh reading, which remembers what it has read."""


def generate(model: Writes, prompt: Sequence[int], sampling: Sampling, *, end: int | None = None) -> Iterator[int]:
    """The ids that follow `prompt`, as they come, until `end` (which is not among them) or `sampling.length`.

    The same model, prompt and sampling write the same ids. Raises WenluError `empty_prompt`.
    """
    if not prompt:
        raise WenluError("empty_prompt", "There is nothing to write on from.", hint="Begin with an id, such as <EOS>.")
    chance = torch.Generator().manual_seed(sampling.seed)
    read, new = model.reader(), list(prompt)
    for _ in range(sampling.length):
        with torch.inference_mode():
            chosen = choose(read(new).cpu(), sampling, chance)  # where chance is, too
        if chosen == end:
            return
        yield chosen
        new = [chosen]


def choose(logits_V: Tensor, sampling: Sampling, chance: torch.Generator) -> int:
    """One id by these logits."""
    if sampling.temperature == 0:
        return int(logits_V.argmax())
    ranked_V, ids_V = (logits_V.float() / sampling.temperature).sort(descending=True, stable=True)
    odds_V = torch.softmax(ranked_V[: sampling.top_k or None], dim=0)
    odds_V = odds_V[odds_V.cumsum(0) - odds_V < sampling.top_p]  # what stands before it does not weigh enough yet
    return int(ids_V[torch.multinomial(odds_V, 1, generator=chance)])
