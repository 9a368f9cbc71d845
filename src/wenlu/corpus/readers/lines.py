"""A text a line."""

from __future__ import annotations

from collections.abc import Iterator

from wenlu.base.records import Dropped, Text
from wenlu.corpus.readers.decoded import DecodedLines
from wenlu.corpus.readers.opened import Opened
from wenlu.corpus.settings import SourceConfig


def read_lines(opened: Opened, source: SourceConfig) -> Iterator[Text | Dropped]:
    """Every line is a text."""
    lines = DecodedLines(opened)
    for line in lines:
        if lines.dropped:
            yield from lines.take_dropped()
        yield Text(line, opened.label, lines.source(), opened.split)
    yield from lines.take_dropped()
