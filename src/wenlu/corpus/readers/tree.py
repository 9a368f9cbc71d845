"""A file is a text; of a folder or an archive of such files, the folder is the label."""

from __future__ import annotations

from collections.abc import Iterator

from wenlu.base.records import Dropped, Source, Text
from wenlu.corpus.readers.opened import Opened
from wenlu.corpus.settings import SourceConfig

_LARGEST = 64 << 20


def read_whole(opened: Opened, source: SourceConfig) -> Iterator[Text | Dropped]:
    """The whole file, without the first `skip_lines` lines, is one text."""
    place = Source(opened.name)
    content = opened.file.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        yield Dropped(Text("", source=place), "file_too_large")
        return
    try:
        lines = content.decode(opened.encoding).removeprefix("\ufeff").split("\n")
    except UnicodeDecodeError:
        yield Dropped(Text("", source=place), "bad_encoding")
        return
    yield Text("\n".join(lines[source.skip_lines :]), opened.label, place, opened.split)
