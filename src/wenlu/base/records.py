"""The records that flow through the house: a text, and a text refused."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Source:
    """Where a text came from. `line` counts from 1; `byte_offset` is where it starts when decompressed."""

    file: str
    line: int = 1
    byte_offset: int = 0


@dataclass(frozen=True, slots=True)
class Text:
    """One text of a dataset. `id` is its content hash once it is cleaned, empty before.

    Texts of one `group` (an author, a document) are never divided among splits.
    """

    body: str
    label: str | None = None
    source: Source = Source("")
    split: str | None = None
    id: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True)
class Dropped:
    """A text that a step refused, and why (`too_short`, `duplicate`, …)."""

    text: Text
    reason: str
