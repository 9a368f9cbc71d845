"""Event files that TensorBoard reads, in the folder of the run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from wenlu.base.errors import missing_package


class TensorBoardTracker:
    """`tensorboard --logdir RUN/tensorboard`, a curve for each measure of each stage."""

    def __init__(self, folder: Path, *, name: str, run: str, settings: Mapping[str, str]) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            raise missing_package("tensorboard", extra="tensorboard") from None
        self._writer = SummaryWriter(str(folder / "tensorboard"))
        self._writer.add_text("settings", "\n".join(f"    {key}: {value}" for key, value in settings.items()))

    def measured(self, stage: str, step: int, values: Mapping[str, float]) -> None:
        for measure, value in values.items():
            self._writer.add_scalar(f"{stage}/{measure}", value, step)

    def wrote(self, stage: str, step: int, prompt: str, text: str) -> None:
        self._writer.add_text(f"{stage}/{prompt}", f"    {prompt}{text}".replace("\n", "\n    "), step)

    def close(self, *, succeeded: bool) -> None:
        self._writer.close()
