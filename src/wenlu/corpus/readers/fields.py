"""A record with named fields as a text: what JSON and Parquet have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from wenlu.base.errors import WenluError
from wenlu.base.records import Dropped, Source, Text
from wenlu.corpus.readers.named import label_name, text_name
from wenlu.corpus.readers.opened import Opened
from wenlu.corpus.settings import SourceConfig

SEPARATOR = "␞"
"""Between the parts of a text that is made of several: U+241E, which no normaliser changes and nobody types."""

_SHOWN = 200


def check_named(source: SourceConfig) -> None:
    """Raises WenluError `bad_settings` for a column number."""
    if any(isinstance(column, int) for column in (*source.text_columns, source.label_column, source.group_column)):
        raise WenluError("bad_settings", f"{source.uri} has named fields; a column number means nothing.")


def text_fields(fields: Iterable[str], source: SourceConfig) -> list[str]:
    """The fields that hold the text: those asked for, or the usual one among these."""
    return list(map(str, source.text_columns)) or [text_name(fields)]


def together(parts: Sequence[str | None]) -> str | None:
    """One text of its parts; None if one is none, or if one of several is empty or holds what they are joined by.

    >>> together(["很好 ", "不错"]), together(["很好"]), together(["很好", " "])
    ('很好␞不错', '很好', None)
    """
    if len(parts) == 1:
        return parts[0]
    stripped = [(part or "").strip() for part in parts]
    return SEPARATOR.join(stripped) if all(part and SEPARATOR not in part for part in stripped) else None


def text_of(fields: Mapping[str, Any], place: Source, opened: Opened, source: SourceConfig) -> Text | Dropped:
    """The text of a record. A list of strings is its lines; `a.b` is the field b inside a.

    A label that was asked for must be there; one in a field with a usual name is taken if it is a word.
    """
    wanted = text_fields(fields, source)
    values = [_as_text(found(fields, field)) for field in wanted]
    body = together(values)
    if body is None:
        shown = found(fields, wanted[0]) if len(values) == 1 else values
        return Dropped(Text(repr(shown)[:_SHOWN], source=place), "no_text")
    label = opened.label
    if source.label_column is not None:
        label = (as_number if opened.numbers else as_word)(found(fields, str(source.label_column)))
        if label is None:
            return Dropped(Text(body[:_SHOWN], source=place), "no_label")
    elif usual := label_name(fields, opened, source):
        label = (as_number if opened.numbers else as_word)(fields[usual])
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


def _as_text(value: object) -> str | None:
    """A string as it is, a list of them as its lines."""
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "\n".join(value)
    return value if isinstance(value, str) else None


def as_number(value: object) -> str | None:
    """A number as it is written; what stands in a string is looked at later, with the numbers of tables."""
    return repr(value) if isinstance(value, float) else as_word(value)


def as_word(value: object) -> str | None:
    """A label or an author as a word: strings and whole numbers are such, nothing else."""
    return str(value).strip() or None if isinstance(value, str | int) and not isinstance(value, bool) else None
