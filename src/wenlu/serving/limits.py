"""How much one request, and all of them together, may ask for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes unless the name says otherwise, times in seconds."""

    body: int = 1 << 20
    texts: int = 64
    characters: int = 4_096
    header_bytes: int = 64 << 10
    header_lines: int = 100
    json_depth: int = 32
    request_seconds: float = 30.0
    header_seconds: float = 10.0
    idle_seconds: float = 30.0
    drain_seconds: float = 30.0
    connections: int = 1_024
    waiting_texts: int = 1_024
    batch_texts: int = 64
