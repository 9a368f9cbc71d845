"""Files to texts: one form of file each, one row here.

A reader is called with an open file and the settings of its source. It yields a Text for each one it finds and a
Dropped for what it can't read. It streams: memory does not grow with the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from wenlu.base.records import Dropped, Text
from wenlu.base.table import Table
from wenlu.corpus.readers.opened import Opened
from wenlu.corpus.settings import SourceConfig

READERS = Table(
    "reader",
    {
        "bitext": "wenlu.corpus.readers.bitext:read_bitext",
        "chat": "wenlu.corpus.readers.chat:read_chat",
        "csv": "wenlu.corpus.readers.table:read_csv",
        "json": "wenlu.corpus.readers.json:read_json",
        "jsonl": "wenlu.corpus.readers.jsonl:read_jsonl",
        "lines": "wenlu.corpus.readers.lines:read_lines",
        "parquet": "wenlu.corpus.readers.parquet:read_parquet",
        "titled": "wenlu.corpus.readers.titled:read_titled",
        "tree": "wenlu.corpus.readers.tree:read_whole",
        "tsv": "wenlu.corpus.readers.table:read_tsv",
    },
)

BY_SUFFIX = {".txt": "lines", ".csv": "csv", ".tsv": "tsv", ".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl",
             ".parquet": "parquet"}  # fmt: skip
"""The row that reads a file whose name ends so."""

WITHOUT_ENCODING = frozenset({"parquet"})


class Reader(Protocol):
    """See this module."""

    def __call__(self, opened: Opened, source: SourceConfig) -> Iterator[Text | Dropped]: ...
