"""The texts of all sources of a dataset, one after the other, and the record of each source."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from wenlu.base.errors import WenluError
from wenlu.base.records import Dropped, Text
from wenlu.corpus.labels import numbered
from wenlu.corpus.locate import digest, locate
from wenlu.corpus.manifest import SourceRecord
from wenlu.corpus.reading import Reading, named_classes
from wenlu.corpus.settings import SourceConfig, Target


class Sources:
    """Iterates over every text of every source; what a reader can't read comes as Dropped."""

    def __init__(self, sources: Sequence[SourceConfig], *, target: Target = "label") -> None:
        self._sources = sources
        self._numbers = target == "number"
        self.records: list[SourceRecord] = []
        self.label_order: dict[str, None] = {}

    def __iter__(self) -> Iterator[Text | Dropped]:
        for source in self._sources:
            path = locate(source.uri)
            reading = Reading(path, source, numbers=self._numbers)
            yield from self._labelled(reading, source)
            files, sha256 = digest(path)
            encodings = ", ".join(sorted(reading.encodings))
            self.records.append(SourceRecord(source.uri, reading.format, encodings, files, sha256))

    def origin(self) -> str:
        """`2 files (gb18030, utf-8)`."""
        files = sum(source.files for source in self.records)
        encodings = {name for source in self.records for name in source.encoding.split(", ") if name}
        return f"{files:,} {'file' if files == 1 else 'files'}" + (
            f" ({', '.join(sorted(encodings))})" if encodings else ""
        )

    def _labelled(self, reading: Reading, source: SourceConfig) -> Iterator[Text | Dropped]:
        if self._numbers:
            return numbered(reading)
        return named_classes(reading, self._label_names(source.label_names)) if source.label_names else iter(reading)

    def _label_names(self, uri: str) -> list[str]:
        names = _lines_of_names(locate(uri))
        self.label_order |= dict.fromkeys(names)
        return names


def _lines_of_names(path: Path) -> list[str]:
    try:
        return [name.strip() for name in path.read_text(encoding="utf-8-sig").rstrip().split("\n")]
    except (OSError, UnicodeDecodeError) as error:
        raise WenluError("no_source", f"The label names in {path} can't be read: {error}.") from None
