"""Where a training stands, beside its tensors."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec


class Round(msgspec.Struct, frozen=True):
    """A stretch of training that ended with a look at validation: an epoch, or `validate_every` steps.

    `number` counts from 1, `epoch` is how often the training texts have been read by then. `train` and `validation`
    hold measures by name, `loss` among them; those of training are means over the round. `seconds` of training alone.
    """

    number: int
    epoch: float
    steps: int
    seconds: float
    train: dict[str, float]
    validation: dict[str, float]


class Progress(msgspec.Struct):
    """What a checkpoint says. `epoch` counts from 1, `step` from 0 within it, `steps` all of them.

    `sums`, `weight` and `seconds` are over the current round so far. `rate` is what every learning rate is multiplied
    with: 1, unless a training that diverged went on from a checkpoint with less.
    """

    epoch: int = 1
    step: int = 0
    steps: int = 0
    sums: dict[str, float] = {}
    weight: float = 0.0
    seconds: float = 0.0
    best: int = 0
    rate: float = 1.0
    recovered: int = 0
    history: list[Round] = []

    def add(self, sums: dict[str, float], weight: float) -> None:
        """Count what one step found."""
        for name, value in sums.items():
            self.sums[name] = self.sums.get(name, 0.0) + value
        self.weight += weight

    def means(self) -> dict[str, float]:
        """Measures of the current round so far."""
        return {name: value / max(self.weight, 1.0) for name, value in self.sums.items()}

    def begin_round(self) -> None:
        self.sums, self.weight, self.seconds = {}, 0.0, 0.0


@dataclass(frozen=True, slots=True)
class Trained:
    """What a training leaves: its rounds, and the number of the one whose weights the model now has."""

    history: tuple[Round, ...]
    best_round: int

    @property
    def best(self) -> Round:
        return self.history[self.best_round - 1]

    @property
    def seconds(self) -> float:
        """Of training, validation not counted."""
        return sum(one.seconds for one in self.history)
