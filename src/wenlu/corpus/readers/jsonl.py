"""A JSON object a line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from wenlu.base.errors import WenluError
from wenlu.base.records import Dropped, Text
from wenlu.corpus.opening import open_bytes
from wenlu.corpus.readers.decoded import DecodedLines
from wenlu.corpus.settings import SourceConfig

_TEXT = "text"


def read_jsonl(path: Path, source: SourceConfig, *, encoding: str) -> Iterator[Text | Dropped]:
    """The fields `text_column` (`text` if left out) and `label_column` of each object."""
    if isinstance(source.text_column, int) or isinstance(source.label_column, int):
        raise WenluError("bad_settings", f"{source.uri}: JSON lines have named fields; a column number means nothing.")
    with open_bytes(path) as file:
        lines = DecodedLines(file, name=path.name, encoding=encoding)
        for line in lines:
            yield from lines.take_dropped()
            if line.strip():
                yield _text(line, lines, source)
        yield from lines.take_dropped()


def _text(line: str, lines: DecodedLines, source: SourceConfig) -> Text | Dropped:
    try:
        fields = msgspec.json.decode(line, type=dict[str, Any])
    except msgspec.MsgspecError:
        return lines.drop(line, "bad_json")
    body = fields.get(str(source.text_column or _TEXT))
    if not isinstance(body, str):
        return lines.drop(line, "no_text")
    label = source.label if source.label_column is None else fields.get(str(source.label_column))
    if source.label_column is not None and not isinstance(label, str | int):
        return lines.drop(line, "no_label")
    return Text(body, None if label is None else str(label), lines.source(), source.split)
