"""What a training stage asks of its task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import torch

from wenlu.training.progress import Round
from wenlu.training.task import Task


class Aim(Protocol):
    """From encoded texts to what the loop trains, and from what it measured to what a report reads."""

    def arguments(self) -> Mapping[str, Any]:
        """What the model is made with, beside its Config."""

    def task(self, device: torch.device) -> Task:
        """The texts to learn from, and what a model should make of them."""

    def epoch(self, one: Round) -> Any:
        """A round as the verdict of this task reads it, for JSON."""

    def said(self) -> Mapping[str, Any]:
        """What the stage's result tells beside the usual."""
