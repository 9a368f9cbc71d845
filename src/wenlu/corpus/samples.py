"""Refused texts that were kept to look at: the lines of `dropped.jsonl`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from wenlu.corpus.manifest import DROPPED


class DroppedSample(msgspec.Struct, frozen=True):
    """One refused text, cut to its beginning, and where it stood."""

    reason: str
    file: str
    line: int
    label: str | None
    body: str


def write_samples(samples: Iterable[DroppedSample], folder: Path) -> None:
    """Put them beside a version's manifest."""
    (folder / DROPPED).write_bytes(b"".join(msgspec.json.encode(sample) + b"\n" for sample in samples))


def read_samples(folder: Path) -> list[DroppedSample]:
    """Those of a version, none where their file is gone: they are no part of what was imported."""
    try:
        lines = (folder / DROPPED).read_bytes().splitlines()
        return [msgspec.json.decode(line, type=DroppedSample) for line in lines]
    except (OSError, msgspec.MsgspecError):
        return []
