"""A record with named fields as a text: what JSON and Parquet have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from wenlu.base.errors import WenluError
from wenlu.base.records import Dropped, Source, Text
from wenlu.corpus.readers.named import label_name, text_name
from wenlu.corpus.readers.opened import Opened
from wenlu.corpus.settings import SourceConfig

_SHOWN = 200


def check_named(source: SourceConfig) -> None:
    """Raises WenluError `bad_settings` for a column number."""
    if any(isinstance(column, int) for column in (source.text_column, source.label_column, source.group_column)):
        raise WenluError("bad_settings", f"{source.uri} has named fields; a column number means nothing.")


def text_field(fields: Iterable[str], source: SourceConfig) -> str:
    """The field that holds the text: the one asked for, or the usual one among these."""
    return str(source.text_column or text_name(fields))


def text_of(fields: Mapping[str, Any], place: Source, opened: Opened, source: SourceConfig) -> Text | Dropped:
    """The text of a record. A list of strings is its lines; `a.b` is the field b inside a.

    A label that was asked for must be there; one in a field with a usual name is taken if it is a word.
    """
    body = found(fields, text_field(fields, source))
    if isinstance(body, list) and all(isinstance(line, str) for line in body):
        body = "\n".join(body)
    if not isinstance(body, str):
        return Dropped(Text(repr(body)[:_SHOWN], source=place), "no_text")
    label = opened.label
    if source.label_column is not None:
        label = as_word(found(fields, str(source.label_column)))
        if label is None:
            return Dropped(Text(body[:_SHOWN], source=place), "no_label")
    elif usual := label_name(fields, opened, source):
        label = as_word(fields[usual])
    group = None if source.group_column is None else as_word(found(fields, str(source.group_column)))
    return Text(body, label, place, opened.split, group=group or "")


def found(fields: Any, name: str) -> Any:
    """The value of the field `name`, None if there is none.

    >>> found({"a": {"b": 1}, "a.c": 2}, "a.b"), found({"a": {"b": 1}, "a.c": 2}, "a.c"), found({}, "x.y")
    (1, 2, None)
    """
    if not isinstance(fields, Mapping):
        return None
    if name in fields:
        return fields[name]
    outer, dot, inner = name.partition(".")
    return found(fields.get(outer), inner) if dot else None


def as_word(value: object) -> str | None:
    """A label or an author as a word: strings and whole numbers are such, nothing else."""
    return str(value).strip() or None if isinstance(value, str | int) and not isinstance(value, bool) else None
