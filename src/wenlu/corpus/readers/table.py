"""Tables: comma- and tab-separated values."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from wenlu.base.errors import WenluError, did_you_mean
from wenlu.base.records import Dropped, Text
from wenlu.corpus.opening import LONGEST_LINE, open_bytes
from wenlu.corpus.readers.decoded import DecodedLines
from wenlu.corpus.settings import Column, SourceConfig

_TEXT = "text"


def read_csv(path: Path, source: SourceConfig, *, encoding: str) -> Iterator[Text | Dropped]:
    """Comma-separated, with quotes as RFC 4180 has them; a quoted field may run over several lines."""
    return _read(path, source, encoding, delimiter=",", strict=True)


def read_tsv(path: Path, source: SourceConfig, *, encoding: str) -> Iterator[Text | Dropped]:
    """Tab-separated; a quote is a character like any other."""
    return _read(path, source, encoding, delimiter="\t", quoting=csv.QUOTE_NONE)


def _read(path: Path, source: SourceConfig, encoding: str, **dialect: Any) -> Iterator[Text | Dropped]:
    csv.field_size_limit(LONGEST_LINE)
    with open_bytes(path) as file:
        lines = DecodedLines(file, name=path.name, encoding=encoding)
        # csv wants the ends of lines back, to find them inside quotes
        rows = csv.reader((f"{line}\n" for line in lines), **dialect)
        columns = _columns(rows, source)
        while (row := _next(rows)) is not None:
            yield from lines.take_dropped()
            if row:
                yield _text(row, columns, lines, source)
        yield from lines.take_dropped()


def _next(rows: Any) -> list[str] | None:
    """The next row; one that csv can't take is a row of no columns that fit; None at the end."""
    try:
        row: list[str] = next(rows)
    except StopIteration:
        return None
    except csv.Error:
        return [""]
    return row


def _columns(rows: Any, source: SourceConfig) -> tuple[int, int | None, int]:
    """Number of the text's column, of the label's, and how many columns a row has (0: not known)."""
    named = not isinstance(source.text_column, int) if source.header is None else source.header
    header = (_next(rows) or []) if named else []
    text = _number(_TEXT if source.text_column is None else source.text_column, header, source)
    label = None if source.label_column is None else _number(source.label_column, header, source)
    return text, label, len(header)


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


def _text(
    row: list[str], columns: tuple[int, int | None, int], lines: DecodedLines, source: SourceConfig
) -> Text | Dropped:
    text, label, width = columns
    if (width and len(row) != width) or max(text, label or 0) >= len(row):
        return lines.drop("\t".join(row), "bad_row")
    found = source.label if label is None else row[label].strip()
    if label is not None and not found:
        return lines.drop(row[text], "no_label")
    return Text(row[text], found, lines.source(), source.split)
