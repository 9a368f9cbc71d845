"""What a wrong id of a target costs: the loss of models from text to text."""

from __future__ import annotations

from torch import Tensor

from wenlu.base.spec import Field, Spec
from wenlu.training.cross_entropy import projected_cross_entropy


class TokenCrossEntropy:
    """-Σ_v q_v log p_v, where q is the true id, or most of it (Szegedy et al. 2016); all logits are never held."""

    task = "seq2seq"

    class Config(Spec):
        label_smoothing: float = Field(0.0, ge=0, lt=1, description="Share of the truth that is spread over all ids")

    def __init__(self, config: Config) -> None:
        self._smoothing = config.label_smoothing

    def __call__(self, states_NE: Tensor, weight_VE: Tensor, targets_N: Tensor) -> Tensor:
        """The mean over targets that count."""
        return projected_cross_entropy(states_NE, weight_VE, targets_N, smoothing=self._smoothing)
