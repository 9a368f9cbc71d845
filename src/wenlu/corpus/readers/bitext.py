"""Two texts that belong together, one below the other: a source line and its target line."""

from __future__ import annotations

from collections.abc import Iterator

from wenlu.base.records import Dropped, Source, Text
from wenlu.corpus.readers.decoded import DecodedLines
from wenlu.corpus.readers.fields import together
from wenlu.corpus.readers.opened import Opened
from wenlu.corpus.settings import SourceConfig


def read_bitext(opened: Opened, source: SourceConfig) -> Iterator[Text | Dropped]:
    """A line that begins with the first of `line_marks` and the next one, which begins with the second, are a text of
    two parts, without the marks; without `line_marks` the first two lines are one, the next two, and so on.

    Lines of nothing don't count; a line whose other half is missing is refused as `no_pair`.
    """
    lines, marks = DecodedLines(opened), source.line_marks or ("", "")
    waiting: tuple[str, Source] | None = None
    for line in lines:
        yield from lines.take_dropped()
        stripped = line.strip()
        if not stripped:
            continue
        if waiting is not None and stripped.startswith(marks[1]):
            yield _pair(waiting[0], stripped.removeprefix(marks[1]), waiting[1], opened)
            waiting = None
            continue
        if waiting is not None:
            yield Dropped(Text(waiting[0], source=waiting[1]), "no_pair")
            waiting = None
        if stripped.startswith(marks[0]):
            waiting = stripped.removeprefix(marks[0]), lines.source()
        else:
            yield lines.drop(stripped, "no_pair")
    yield from lines.take_dropped()
    if waiting is not None:
        yield Dropped(Text(waiting[0], source=waiting[1]), "no_pair")


def _pair(first: str, second: str, place: Source, opened: Opened) -> Text | Dropped:
    body = together([first, second])
    if body is None:
        return Dropped(Text(first, source=place), "no_text")
    return Text(body, opened.label, place, opened.split)
