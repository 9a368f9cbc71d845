"""The `training:` part of a recipe."""

from __future__ import annotations

from typing import Any

from wenlu.base.spec import Field, Spec


class TrainingConfig(Spec):
    """How a model is trained. The defaults are the classic settings for a text classifier."""

    optimizer: str | dict[str, Any] = Field(default="adam", description="A row of the optimizers, with settings")
    batch: int = Field(default=64, ge=1, le=65_536, description="Texts a step")
    epochs: int = Field(default=10, ge=1, le=10_000, description="Times through the training texts, at most")
    patience: int = Field(default=3, ge=1, description="Epochs without improvement on validation before it stops")
    clip: float = Field(default=5.0, gt=0, description="Global norm that gradients are cut down to")
    seed: int = Field(default=1, ge=0, lt=2**31, description="Of initial weights, order and dropout")
    checkpoint_every: int = Field(default=200, ge=1, description="Steps between checkpoints; one ends each epoch too")
