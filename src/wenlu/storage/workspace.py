"""Where things lie under one root folder."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Workspace:
    """The root folder (`--root`, else `WENLU_ROOT`, else `.wenlu` here) and the places inside it."""

    root: Path

    @classmethod
    def at(cls, root: str | Path | None) -> Workspace:
        return cls(Path(root or os.environ.get("WENLU_ROOT") or ".wenlu").absolute())

    @property
    def datasets(self) -> Path:
        return self.root / "datasets"

    @property
    def tokenizers(self) -> Path:
        return self.root / "tokenizers"

    @property
    def models(self) -> Path:
        return self.root / "models"

    @property
    def runs(self) -> Path:
        return self.root / "runs"

    @property
    def keys(self) -> Path:
        return self.root / "keys"

    @property
    def stages(self) -> Path:
        return self.root / "stages"
