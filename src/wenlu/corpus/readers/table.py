"""Tables: comma- and tab-separated values."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from wenlu.base.errors import WenluError, did_you_mean
from wenlu.base.records import Dropped, Source, Text
from wenlu.corpus.opening import LONGEST_LINE
from wenlu.corpus.readers.decoded import DecodedLines
from wenlu.corpus.readers.fields import together
from wenlu.corpus.readers.named import label_name, text_name
from wenlu.corpus.readers.opened import Opened
from wenlu.corpus.settings import Column, SourceConfig

_SHOWN = 200


def read_csv(opened: Opened, source: SourceConfig) -> Iterator[Text | Dropped]:
    """Comma-separated, with quotes as RFC 4180 has them; a quoted field may run over several lines."""
    return _read(opened, source, delimiter=",", strict=True)


def read_tsv(opened: Opened, source: SourceConfig) -> Iterator[Text | Dropped]:
    """Tab-separated; a quote is a character like any other."""
    return _read(opened, source, delimiter="\t", quoting=csv.QUOTE_NONE)


def _read(opened: Opened, source: SourceConfig, **dialect: Any) -> Iterator[Text | Dropped]:
    csv.field_size_limit(LONGEST_LINE)
    lines = DecodedLines(opened)
    columns: _Columns | None = None
    for row in _rows(lines, **dialect):
        yield from lines.take_dropped()
        if row.fields is None:
            yield Dropped(Text(row.beginning, source=row.source), "bad_row")
        elif columns is None and _has_header(source):
            columns = _Columns.named(row.fields, opened, source)
        elif row.fields:
            columns = columns or _Columns.numbered(row.fields, source)
            yield columns.text(row.fields, row.source, opened)
    yield from lines.take_dropped()


@dataclass(frozen=True, slots=True)
class _Row:
    """The fields of a row, None where it is no row; the line it begins with and where that stands."""

    fields: list[str] | None
    beginning: str
    source: Source


def _rows(lines: DecodedLines, **dialect: Any) -> Iterator[_Row]:
    """Rows of a table. Where a row is broken, only its first line is lost and reading goes on at the next one.

    So a quote that nobody closes costs one line, not the rest of the file.
    """
    feed = _Feed(lines)
    rows = csv.reader(feed, **dialect)
    while True:
        feed.row = []
        try:
            fields: list[str] | None = next(rows)
        except StopIteration:
            return
        except csv.Error:
            fields = None
            feed.give_back_all_but_first()
            rows = csv.reader(feed, **dialect)
        first, source = feed.row[0]
        yield _Row(fields, first[:_SHOWN], source)


class _Feed:
    """Gives csv its lines, and remembers those of the row that is being read."""

    def __init__(self, lines: DecodedLines) -> None:
        self._fresh = ((line, lines.source()) for line in lines)
        self._given_back: deque[tuple[str, Source]] = deque()
        self.row: list[tuple[str, Source]] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._given_back.popleft() if self._given_back else next(self._fresh)
        if self.row and not self._continues(line[1]):
            self._given_back.appendleft(line)
            raise csv.Error("the row does not end")
        self.row.append(line)
        return f"{line[0]}\n"  # csv wants the ends of lines back, to find them inside quotes

    def give_back_all_but_first(self) -> None:
        self._given_back.extendleft(reversed(self.row[1:]))

    def _continues(self, source: Source) -> bool:
        """If no broken line was left out just before, which would change the text, and the row is not enormous."""
        near = source.byte_offset - self.row[0][1].byte_offset < LONGEST_LINE
        return near and source.line == self.row[-1][1].line + 1


@dataclass(frozen=True, slots=True)
class _Columns:
    """Where the parts of the text, the label and the group stand, and how many columns each row must have."""

    bodies: tuple[int, ...]
    label: int | None
    group: int | None
    width: int
    labelled: bool
    """If a label was asked for, so that a row without one is refused."""

    @classmethod
    def named(cls, header: list[str], opened: Opened, source: SourceConfig) -> _Columns:
        """By the names in `header`, those asked for or the usual ones; raises WenluError `no_column`."""
        names = [name.strip() for name in header]
        columns = cls._found(header, source, default=text_name(names), width=len(header))
        usual = label_name(names, opened, source) if columns.label is None else ""
        return replace(columns, label=_number(usual, header, source)) if usual else columns

    @classmethod
    def numbered(cls, first: list[str], source: SourceConfig) -> _Columns:
        """By number alone; the first row tells how many columns there are."""
        columns = cls._found([], source, default=0, width=len(first))
        if columns.last >= len(first):
            raise WenluError(
                "no_column",
                f"{source.uri}: there is no column {columns.last}: the first row has {len(first)}, from 0.",
                hint="Choose with --text and --label, or text_column: and label_column: in a recipe.",
            )
        return columns

    @classmethod
    def _found(cls, header: list[str], source: SourceConfig, *, default: Column, width: int) -> _Columns:
        bodies = tuple(_number(column, header, source) for column in source.text_columns or [default])
        label, group = (
            None if column is None else _number(column, header, source)
            for column in (source.label_column, source.group_column)
        )
        return cls(bodies, label, group, width, labelled=label is not None)

    @property
    def last(self) -> int:
        return max(*self.bodies, self.label or 0, self.group or 0)

    def text(self, fields: list[str], place: Source, opened: Opened) -> Text | Dropped:
        if len(fields) != self.width or self.last >= self.width:
            return Dropped(Text("\t".join(fields)[:_SHOWN], source=place), "bad_row")
        body = together([fields[number] for number in self.bodies])
        if body is None:
            return Dropped(Text("\t".join(fields)[:_SHOWN], source=place), "no_text")
        label = opened.label if self.label is None else fields[self.label].strip() or None
        if self.labelled and not label:
            return Dropped(Text(body, source=place), "no_label")
        group = "" if self.group is None else fields[self.group].strip()
        return Text(body, label, place, opened.split, group=group)


def _has_header(source: SourceConfig) -> bool:
    if source.header is not None:
        return source.header
    numbered = bool(source.text_columns) and all(isinstance(column, int) for column in source.text_columns)
    return not numbered or isinstance(source.label_column, str)


def _number(column: Column, header: list[str], source: SourceConfig) -> int:
    if isinstance(column, int):
        return column
    names = [name.strip() for name in header]
    if names.count(column) != 1:
        problem = "twice" if column in names else f"not at all.{did_you_mean(column, names)}"
        raise WenluError(
            "no_column",
            f"{source.uri}: the column '{column}' stands there {problem}",
            hint=f"Columns: {', '.join(names)}. Choose with --text and --label, or text_column: and label_column:.",
        )
    return names.index(column)
