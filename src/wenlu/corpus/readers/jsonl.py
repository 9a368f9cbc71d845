"""A JSON object a line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from wenlu.base.records import Dropped, Text
from wenlu.corpus.readers.decoded import DecodedLines
from wenlu.corpus.readers.fields import text_fields, text_of
from wenlu.corpus.readers.opened import Opened
from wenlu.corpus.settings import SourceConfig


def read_jsonl(opened: Opened, source: SourceConfig) -> Iterator[Text | Dropped]:
    """The fields `text_column` (`text` if left out) and `label_column` of each object."""
    text_fields(source)
    decoder = msgspec.json.Decoder(dict[str, Any])
    lines = DecodedLines(opened)
    for line in lines:
        yield from lines.take_dropped()
        if line.strip():
            yield _text(line, decoder, lines, opened, source)
    yield from lines.take_dropped()


def _text(
    line: str, decoder: msgspec.json.Decoder[dict[str, Any]], lines: DecodedLines, opened: Opened, source: SourceConfig
) -> Text | Dropped:
    try:
        fields = decoder.decode(line)
    except msgspec.MsgspecError:
        return lines.drop(line, "bad_json")
    return text_of(fields, lines.source(), opened, source)
