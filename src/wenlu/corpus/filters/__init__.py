"""Texts that are no use, told by what they are made of: one filter a file, one row here.

A filter is called with a cleaned text and gives the reason to refuse it, or nothing. It never changes a text: what
changes texts is a normaliser, since it has to travel to serving.
"""

from __future__ import annotations

from typing import Protocol

from wenlu.base.table import Table

FILTERS = Table(
    "filter",
    {
        "language": "wenlu.corpus.filters.language:Language",
        "repetition": "wenlu.corpus.filters.repetition:Repetition",
        "symbols": "wenlu.corpus.filters.symbols:Symbols",
    },
)


class Filter(Protocol):
    """See this module."""

    def __call__(self, body: str) -> str: ...
