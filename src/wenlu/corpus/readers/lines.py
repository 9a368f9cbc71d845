"""A text a line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from wenlu.base.records import Dropped, Text
from wenlu.corpus.opening import open_bytes
from wenlu.corpus.readers.decoded import DecodedLines
from wenlu.corpus.settings import SourceConfig


def read_lines(path: Path, source: SourceConfig, *, encoding: str) -> Iterator[Text | Dropped]:
    """Every line is a text with the source's label."""
    with open_bytes(path) as file:
        lines = DecodedLines(file, name=path.name, encoding=encoding)
        for line in lines:
            yield from lines.take_dropped()
            yield Text(line, source.label, lines.source(), source.split)
        yield from lines.take_dropped()
