"""Files to texts: one form of file each, one row here.

A reader is called as `read(path, source, encoding=…)` and yields a Text for each one it finds and a Dropped for what
it can't read. It streams: memory does not grow with the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from wenlu.base.errors import WenluError
from wenlu.base.records import Dropped, Text
from wenlu.base.table import Table
from wenlu.corpus.opening import bare_name
from wenlu.corpus.settings import SourceConfig

READERS = Table(
    "reader",
    {
        "csv": "wenlu.corpus.readers.table:read_csv",
        "jsonl": "wenlu.corpus.readers.jsonl:read_jsonl",
        "lines": "wenlu.corpus.readers.lines:read_lines",
        "tree": "wenlu.corpus.readers.tree:read_tree",
        "tsv": "wenlu.corpus.readers.table:read_tsv",
    },
)

_BY_SUFFIX = {".txt": "lines", ".csv": "csv", ".tsv": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".tar": "tree",
              ".zip": "tree"}  # fmt: skip


class Reader(Protocol):
    """See this module."""

    def __call__(self, path: Path, source: SourceConfig, *, encoding: str) -> Iterator[Text | Dropped]: ...


def format_of(path: Path, source: SourceConfig) -> str:
    """The row that reads `path`; raises WenluError `unknown_format` where its name does not tell."""
    if source.format != "auto":
        return source.format
    if path.is_dir():
        return "tree"
    suffix = Path(bare_name(path)).suffix.lower()
    if suffix not in _BY_SUFFIX:
        raise WenluError(
            "unknown_format",
            f"The name {path.name} does not tell its format.",
            hint=f"Say which: {', '.join(READERS)} (--format, or format: in a recipe).",
        )
    return _BY_SUFFIX[suffix]
