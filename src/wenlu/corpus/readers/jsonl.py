"""A JSON object a line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from wenlu.base.records import Dropped, Source, Text
from wenlu.corpus.readers.decoded import DecodedLines
from wenlu.corpus.readers.fields import check_named, text_of
from wenlu.corpus.readers.opened import Opened
from wenlu.corpus.settings import SourceConfig


def read_jsonl(opened: Opened, source: SourceConfig) -> Iterator[Text | Dropped]:
    """The fields `text_column` and `label_column` of each object; left out, those with usual names."""
    check_named(source)
    for found in objects_by_line(opened):
        yield found if isinstance(found, Dropped) else text_of(*found, opened, source)


def objects_by_line(opened: Opened) -> Iterator[tuple[dict[str, Any], Source] | Dropped]:
    """The object of each line and where it stands; what is no object is refused as `bad_json`."""
    decoder = msgspec.json.Decoder(dict[str, Any])
    lines = DecodedLines(opened)
    for line in lines:
        if lines.dropped:
            yield from lines.take_dropped()
        if line.strip():
            yield _object(line, decoder, lines)
    yield from lines.take_dropped()


def _object(
    line: str, decoder: msgspec.json.Decoder[dict[str, Any]], lines: DecodedLines
) -> tuple[dict[str, Any], Source] | Dropped:
    try:
        return decoder.decode(line), lines.source()
    except msgspec.MsgspecError:
        return lines.drop(line, "bad_json")
