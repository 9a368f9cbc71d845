"""The texts of all sources of a dataset, one after the other, and the record of each source."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from wenlu.base.errors import WenluError
from wenlu.base.records import Dropped, Text
from wenlu.corpus.encoding import detect
from wenlu.corpus.locate import digest, locate
from wenlu.corpus.manifest import SourceRecord
from wenlu.corpus.opening import lines_of, open_bytes
from wenlu.corpus.readers import READERS, format_of
from wenlu.corpus.settings import SourceConfig


class Sources:
    """Iterates over every text of every source; what a reader can't read comes as Dropped."""

    def __init__(self, sources: Sequence[SourceConfig]) -> None:
        self._sources = sources
        self.records: list[SourceRecord] = []
        self.label_order: dict[str, None] = {}

    def __iter__(self) -> Iterator[Text | Dropped]:
        for source in self._sources:
            path = locate(source.uri)
            row = format_of(path, source)
            encoding = _encoding(path, source, row)
            files, sha256 = digest(path)
            self.records.append(SourceRecord(source.uri, row, encoding, files, sha256))
            texts = READERS[row](path, source, encoding=encoding)
            yield from _named(texts, self._label_names(source.label_names)) if source.label_names else texts

    def origin(self) -> str:
        """`2 files (utf-8)`; without encodings where each file of a tree had its own."""
        files = sum(source.files for source in self.records)
        encodings = ", ".join(sorted({source.encoding for source in self.records} - {"auto", ""}))
        return f"{files:,} {'file' if files == 1 else 'files'}" + (f" ({encodings})" if encodings else "")

    def _label_names(self, uri: str) -> list[str]:
        names = _lines_of_names(locate(uri))
        self.label_order |= dict.fromkeys(names)
        return names


def _encoding(path: Path, source: SourceConfig, row: str) -> str:
    """The encoding asked for, or the one found; a tree's files are each looked at when they are read."""
    if source.encoding != "auto" or row == "tree":
        return _known(source)
    with open_bytes(path) as file:
        return detect((line.content for line in lines_of(file)), name=source.uri)


def _known(source: SourceConfig) -> str:
    """The encoding's name as asked for; raises WenluError `unknown_encoding`."""
    if source.encoding == "auto":
        return "auto"
    try:
        separable = "\n".encode(source.encoding) == b"\n"
    except (LookupError, UnicodeError):
        raise WenluError(
            "unknown_encoding",
            f"{source.uri}: there is no encoding '{source.encoding}'.",
            hint="utf-8, gb18030, cp932, …",
        ) from None
    if not separable:  # UTF-16 and UTF-32: their lines can't be told apart as bytes
        raise WenluError(
            "unknown_encoding",
            f"{source.uri}: files in {source.encoding} are not read.",
            hint=f"Convert it: iconv -f {source.encoding} -t UTF-8",
        )
    return source.encoding


def _lines_of_names(path: Path) -> list[str]:
    try:
        return [name.strip() for name in path.read_text(encoding="utf-8-sig").rstrip().split("\n")]
    except (OSError, UnicodeDecodeError) as error:
        raise WenluError("no_source", f"The label names in {path} can't be read: {error}.") from None


def _named(texts: Iterable[Text | Dropped], names: list[str]) -> Iterator[Text | Dropped]:
    """Numbers of classes become their names; a number that has none is refused."""
    for text in texts:
        if isinstance(text, Dropped):
            yield text
        elif (text.label or "").isdecimal() and int(text.label or "") < len(names):
            yield replace(text, label=names[int(text.label or "")])
        else:
            yield Dropped(text, "unknown_label")
