"""What kinds of training differ in. The loop knows nothing else of what it trains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from torch import Tensor, nn

Rows = Sequence[int]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of some rows: the sum of their losses, a scalar that gradients flow from, and sums of other measures."""

    loss: Tensor
    sums: Mapping[str, float] = field(default_factory=dict)


class Task(Protocol):
    """Texts to learn from, and what a model should make of them."""

    unit: str
    """What `weight` counts: `texts` or `tokens`."""

    def batches(self, epoch: int) -> Sequence[Rows]:
        """The rows of each step of an epoch, counted from 1: a function of the settings and the epoch alone. Every
        epoch has as many steps."""

    def weight(self, rows: Rows) -> int:
        """How many things the loss of these rows is a sum over."""

    def tokens(self, rows: Rows) -> int:
        """Ids that are computed for these rows, padding too."""

    def loss(self, model: nn.Module, rows: Rows) -> Outcome:
        """What the model makes of these rows of the training texts."""

    def validate(self, model: nn.Module) -> dict[str, float]:
        """Measures on the validation texts by name, `loss` among them. The model is in evaluation mode."""

    def merit(self, measures: Mapping[str, float]) -> tuple[float, ...]:
        """What makes a round the best: greater is better."""
