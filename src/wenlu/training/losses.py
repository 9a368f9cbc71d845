"""What a wrong answer costs. A loss is made as `Loss(config, counts=…)`, where `counts` [C] are the training texts of
each label (none for `regress`), and called with answers and truth of B texts; it gives the loss of each [B]. Losses of
`seq2seq` are of ids, not of texts, and are made and called otherwise: see `token_loss`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from wenlu.base.spec import Field, Spec
from wenlu.base.table import Table

Loss = Callable[[Tensor, Tensor], Tensor]

LOSSES = Table(
    "loss",
    {
        "cross_entropy": "wenlu.training.losses:CrossEntropy",
        "focal": "wenlu.training.losses:Focal",
        "hinge": "wenlu.training.losses:Hinge",
        "huber": "wenlu.training.losses:Huber",
        "mse": "wenlu.training.losses:Mse",
        "token_cross_entropy": "wenlu.training.token_loss:TokenCrossEntropy",
    },
)
DEFAULT = {"classify": "cross_entropy", "regress": "mse", "seq2seq": "token_cross_entropy"}
"""By task: the loss where none is named."""


class CrossEntropy:
    """-Σ_c q_c log p_c, where q is the true label, or most of it (Szegedy et al. 2016)."""

    task = "classify"

    class Config(Spec):
        label_smoothing: float = Field(0.0, ge=0, lt=1, description="Share of the truth that is spread over all labels")
        class_weights: Literal["none", "balanced"] = Field(
            "none", description="balanced: a text counts the more, the rarer its label"
        )

    def __init__(self, config: Config, *, counts: Sequence[int] = ()) -> None:
        self._smoothing = config.label_smoothing
        self._weights_C = _balanced(counts) if config.class_weights == "balanced" else None

    def __call__(self, logits_BC: Tensor, labels_B: Tensor) -> Tensor:
        loss_B = nn.functional.cross_entropy(logits_BC, labels_B, label_smoothing=self._smoothing, reduction="none")
        return loss_B if self._weights_C is None else loss_B * self._weights_C.to(loss_B.device)[labels_B]


class Focal:
    """-(1 - p)^γ log p of the true label: texts that are surely right count less (Lin et al. 2017)."""

    task = "classify"

    class Config(Spec):
        gamma: float = Field(2.0, ge=0, le=10, description="0 is cross-entropy")

    def __init__(self, config: Config, *, counts: Sequence[int] = ()) -> None:
        self._gamma = config.gamma

    def __call__(self, logits_BC: Tensor, labels_B: Tensor) -> Tensor:
        log_B = torch.log_softmax(logits_BC, 1).gather(1, labels_B.unsqueeze(1)).squeeze(1)
        return -((1 - log_B.exp()) ** self._gamma) * log_B


class Hinge:
    """Σ_c max(0, 1 - s_c y_c)², where s is 1 for the true label and -1 for the others.

    A support vector machine for each label against the rest, as LIBLINEAR has it (Fan et al. 2008).
    """

    task = "classify"

    class Config(Spec):
        pass

    def __init__(self, config: Config, *, counts: Sequence[int] = ()) -> None:
        pass

    def __call__(self, logits_BC: Tensor, labels_B: Tensor) -> Tensor:
        signs_BC = 2.0 * nn.functional.one_hot(labels_B, logits_BC.size(1)) - 1
        return (1 - signs_BC * logits_BC).clamp(min=0).square().sum(1)


class Mse:
    """(y - t)²."""

    task = "regress"

    class Config(Spec):
        pass

    def __init__(self, config: Config, *, counts: Sequence[int] = ()) -> None:
        pass

    def __call__(self, answers_B: Tensor, targets_B: Tensor) -> Tensor:
        return nn.functional.mse_loss(answers_B, targets_B, reduction="none")


class Huber:
    """Squared up to `delta`, linear beyond: a few wild targets don't rule the rest (Huber 1964)."""

    task = "regress"

    class Config(Spec):
        delta: float = Field(1.0, gt=0, le=100, description="In standard deviations of the target")

    def __init__(self, config: Config, *, counts: Sequence[int] = ()) -> None:
        self._delta = config.delta

    def __call__(self, answers_B: Tensor, targets_B: Tensor) -> Tensor:
        return nn.functional.huber_loss(answers_B, targets_B, delta=self._delta, reduction="none")


def _balanced(counts: Sequence[int]) -> Tensor:
    """Weights [C] by which all labels count alike and an average training text counts 1: N / (C nₒ)."""
    counts_C = torch.tensor(counts, dtype=torch.float32)
    present = counts_C > 0
    return torch.where(present, counts_C.sum() / (present.sum() * counts_C.clamp(min=1)), 0.0)
