"""Decoded lines, for the readers of text files: what can't be decoded is set aside, never replaced."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from wenlu.base.records import Dropped, Source, Text
from wenlu.corpus.opening import Line, lines_of, wide_lines_of
from wenlu.corpus.readers.opened import Opened

_BOM = "\ufeff"
_WIDE = {"utf-16-le": b"\n\0", "utf-16-be": b"\0\n"}
_SHOWN = 200


class DecodedLines:
    """Iterates over the lines of a file as strings; `dropped` collects those that are too long or broken.

    `line` is the last one read: where the reader is.
    """

    def __init__(self, opened: Opened) -> None:
        newline = _WIDE.get(opened.encoding)
        self._lines = wide_lines_of(opened.file, newline=newline) if newline else lines_of(opened.file)
        self._name = opened.name
        self._encoding = opened.encoding
        self.line = Line(0, 0, b"")
        self.dropped: deque[Dropped] = deque()

    def __iter__(self) -> Iterator[str]:
        encoding = self._encoding
        for line in self._lines:
            self.line = line
            if line.content is None:
                self.dropped.append(self.drop("", "line_too_long"))
                continue
            try:
                text = line.content.decode(encoding)
            except UnicodeDecodeError:
                self.dropped.append(self.drop("", "bad_encoding"))
                continue
            yield text.removeprefix(_BOM) if line.number == 1 else text

    def source(self) -> Source:
        """Where the reader is."""
        return Source(self._name, self.line.number, self.line.offset)

    def drop(self, body: str, reason: str) -> Dropped:
        """The refusal of what was read last."""
        return Dropped(Text(body[:_SHOWN], source=self.source()), reason)

    def take_dropped(self) -> Iterator[Dropped]:
        """What was set aside since the last call."""
        while self.dropped:
            yield self.dropped.popleft()
