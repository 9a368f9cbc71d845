"""A file that a reader reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO


@dataclass(frozen=True, slots=True)
class Opened:
    """An open file: its name inside its source, its encoding, and the label and split that its name gives its texts.

    `numbers` says that labels are numbers.
    """

    file: IO[bytes]
    name: str
    encoding: str
    label: str | None = None
    split: str | None = None
    numbers: bool = False
