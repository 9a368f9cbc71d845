"""A file is a text under its title: what a model learns to write titles from."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from wenlu.base.records import Dropped, Text
from wenlu.corpus.readers.fields import together
from wenlu.corpus.readers.opened import Opened
from wenlu.corpus.readers.tree import read_whole
from wenlu.corpus.settings import SourceConfig


def read_titled(opened: Opened, source: SourceConfig) -> Iterator[Text | Dropped]:
    """As a file of a tree; what stands below its first line is the first part of the text, that line the second."""
    for text in read_whole(opened, source):
        if isinstance(text, Dropped):
            yield text
            continue
        title, _, below = text.body.strip().partition("\n")
        body = together([below, title])
        yield Dropped(text, "no_text") if body is None else replace(text, body=body)
