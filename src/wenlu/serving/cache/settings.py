"""How much is kept of what was answered, and where."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class CacheSettings:
    """Bytes; 0 keeps nothing there. Left out, the folder is `answers` in WENLU_CACHE, else in ~/.cache/wenlu."""

    memory: int = 64 << 20
    disk: int = 1 << 30
    folder: Path | None = None
