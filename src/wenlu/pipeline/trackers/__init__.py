"""Where else the curves of a training are shown, beside the run's own journal: one file each, one row here.

A tracker is made as `Tracker(folder, run=…, settings=…)` with the folder of the run, its name and the flat settings of
the recipe, and closed with the run's outcome. What it can't deliver never stops a training.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from wenlu.base.table import Table

TRACKERS = Table(
    "tracker",
    {
        "mlflow": "wenlu.pipeline.trackers.mlflow:MlflowTracker",
        "tensorboard": "wenlu.pipeline.trackers.tensorboard:TensorBoardTracker",
    },
)


class Tracker(Protocol):
    """Shows one run somewhere."""

    def __init__(self, folder: Path, *, name: str, run: str, settings: Mapping[str, str]) -> None: ...

    def measured(self, stage: str, step: int, values: Mapping[str, float]) -> None:
        """What the stage measured at a step."""

    def wrote(self, stage: str, step: int, prompt: str, text: str) -> None:
        """How the language model of the stage goes on from a prompt at a step."""

    def close(self, *, succeeded: bool) -> None: ...
