"""One source, read: which files, by which reader, in which encoding, and what their names tell."""

from __future__ import annotations

import codecs
import fnmatch
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice
from pathlib import Path, PurePosixPath

from msgspec.structs import replace

from wenlu.base.errors import WenluError
from wenlu.base.records import Dropped, Source, Text
from wenlu.corpus.encoding import detect
from wenlu.corpus.members import Member, is_many, members
from wenlu.corpus.opening import bare_name
from wenlu.corpus.readers import BY_SUFFIX, READERS, WITHOUT_ENCODING
from wenlu.corpus.readers.opened import Opened
from wenlu.corpus.settings import SourceConfig

_LOOKED_AT = 20  # names of an archive that tell what it holds
_TELLING = 200  # bytes; a shorter file may not tell its encoding by itself
_BLOCK = 1 << 20
_UTF16 = ("utf-16", "utf-16-le", "utf-16-be")
_BEGINNING = re.compile(r"[^\W\d_]+")
_SPLITS = {
    "train": "train", "training": "train", "test": "test", "testing": "test",
    "dev": "validation", "valid": "validation", "val": "validation", "validation": "validation", "eval": "validation",
}  # fmt: skip


class Reading:
    """Iterates over the texts of a source; what can't be read comes as Dropped.

    `format` is the row of the reader; `encodings` collects those of the files read so far. With `numbers` labels are
    numbers.
    """

    def __init__(self, path: Path, source: SourceConfig, *, numbers: bool = False) -> None:
        self.format = format_of(path, source)
        self.encodings: set[str] = set()
        self._path = path
        self._source = source
        self._numbers = numbers
        self._many = is_many(path)
        self._encoding = _Encodings(path, source, many=self._many)
        self._places = _Places(source, row=self.format, folders=self._many and _has_folders(path, source))

    def __iter__(self) -> Iterator[Text | Dropped]:
        for member in _included(self._path, self._source) if self._many else members(self._path):
            refusal = _refusal(member)
            place = self._places.of(member.name)
            if refusal or isinstance(place, str):
                yield Dropped(Text("", source=Source(_shown(member.name))), refusal or str(place))
            else:
                yield from self._read(member, place)

    def _read(self, member: Member, place: _Place) -> Iterator[Text | Dropped]:
        encoding = "" if self.format in WITHOUT_ENCODING else self._encoding.of(member)
        self.encodings |= {encoding} - {""}
        with member.open() as file:
            opened = Opened(file, member.name, encoding, place.label, place.split, self._numbers)
            yield from READERS[self.format](opened, self._source)


def format_of(path: Path, source: SourceConfig) -> str:
    """The row that reads `path`; raises WenluError `unknown_format` where its name does not tell."""
    if source.format != "auto":
        return source.format
    if is_many(path):
        return _format_of_all([member.name for member in islice(_included(path, source), _LOOKED_AT)], source)
    row = BY_SUFFIX.get(_suffix(path))
    if row is None:
        raise WenluError(
            "unknown_format",
            f"The name {path.name} does not tell its format.",
            hint=f"Say which: {', '.join(READERS)} (--format, or format: in a recipe).",
        )
    return row


def _format_of_all(names: Iterable[str], source: SourceConfig) -> str:
    """Tables if all files are; texts, a file each, if none is."""
    rows = {BY_SUFFIX.get(_suffix(Path(name)), "tree") for name in names} or {"tree"}
    rows = {"tree" if row == "lines" else row for row in rows}
    if len(rows) == 1:
        return rows.pop()
    raise WenluError(
        "unknown_format",
        f"{source.uri} holds files of several kinds: {', '.join(sorted(rows))}.",
        hint="Say which to read: --include '*.csv' --format csv (include: and format: in a recipe).",
    )


def _suffix(path: Path) -> str:
    return Path(bare_name(path)).suffix.lower()


def _included(path: Path, source: SourceConfig) -> Iterator[Member]:
    return (member for member in members(path) if fnmatch.fnmatchcase(member.name, source.include))


def _has_folders(path: Path, source: SourceConfig) -> bool:
    """If some file lies in a folder; the first one tells, but in a flat tree."""
    return any("/" in member.name for member in _included(path, source))


def _refusal(member: Member) -> str:
    """Why a file is not read at all, or nothing."""
    if any("\ud800" <= character <= "\udfff" for character in member.name):
        return "bad_name"  # in a tar packed under GBK or CP932 a name may be bytes that nothing can decode
    return "nested_archive" if member.packed else ""


def _shown(name: str) -> str:
    return name.encode("utf-8", "backslashreplace").decode()


@dataclass(frozen=True, slots=True)
class _Place:
    """What a file's place tells of its texts."""

    label: str | None
    split: str | None


class _Places:
    """Labels and splits by the names of files."""

    def __init__(self, source: SourceConfig, *, row: str, folders: bool) -> None:
        self._source = source
        self._label_from = source.label_from or ("folder" if row == "tree" else "none")
        self._folders = folders

    def of(self, name: str) -> _Place | str:
        """The place, or the reason to refuse a file whose name does not tell what it should."""
        path = PurePosixPath(name)
        label = self._source.label or self._label(path)
        split = self._source.split or self._split(path)
        if label is None and self._needs_label:
            return "no_label"
        if split is None and self._source.split_from != "none":
            return "no_split"
        return _Place(label, split)

    @property
    def _needs_label(self) -> bool:
        if self._source.label_column is not None or self._label_from == "none":
            return False
        return self._folders or self._label_from != "folder"

    def _label(self, path: PurePosixPath) -> str | None:
        if self._label_from == "folder":
            folders = path.parent.parts[1:] if self._source.split_from == "folder" else path.parent.parts
            return folders[-1] if folders else None
        if self._label_from == "prefix":
            return _beginning(path.name)
        return path.name.partition(".")[0] if self._label_from == "stem" else None

    def _split(self, path: PurePosixPath) -> str | None:
        if self._source.split_from == "folder":
            return _SPLITS.get(path.parts[0].lower()) if len(path.parts) > 1 else None
        return _SPLITS.get(_beginning(path.name).lower()) if self._source.split_from == "prefix" else None


def _beginning(name: str) -> str:
    """The letters a name begins with.

    >>> _beginning("pos_001.txt"), _beginning("体育12.txt"), _beginning("7.txt")
    ('pos', '体育', '')
    """
    found = _BEGINNING.match(name)
    return found[0] if found else ""


class _Encodings:
    """What each file is in: what was asked for, else what it tells itself, else what all files of the source tell."""

    def __init__(self, path: Path, source: SourceConfig, *, many: bool) -> None:
        self._path = path
        self._source = source
        self._many = many
        self._asked = checked_encoding(source)
        self._usual = ""

    def of(self, member: Member) -> str:
        """Raises WenluError `encoding_unclear`."""
        if self._asked != "auto":
            return _ordered(self._asked, member)
        name = f"{member.name} in {self._source.uri}" if self._many else self._source.uri
        try:
            return detect(partial(_blocks, member), name=name)
        except WenluError:
            if not self._many or _is_telling(member) or not self._usual_one():
                raise
        return self._usual

    def _usual_one(self) -> str:
        """What all files of the source tell together; nothing if they don't."""
        with suppress(WenluError):
            self._usual = self._usual or detect(self._every_block, name=self._source.uri)
        return self._usual

    def _every_block(self) -> Iterator[bytes]:
        return chain.from_iterable(map(_blocks, _included(self._path, self._source)))


def _blocks(member: Member) -> Iterator[bytes]:
    with member.open() as file:
        while block := file.read(_BLOCK):
            yield block


def _is_telling(member: Member) -> bool:
    with member.open() as file:
        return len(file.read(_TELLING + 1)) > _TELLING


def _ordered(encoding: str, member: Member) -> str:
    """The encoding asked for; of UTF-16 the order of its bytes, as the file's mark tells it."""
    if codecs.lookup(encoding).name != "utf-16":
        return encoding
    with member.open() as file:
        return "utf-16-be" if file.read(2) == codecs.BOM_UTF16_BE else "utf-16-le"


def checked_encoding(source: SourceConfig) -> str:
    """The encoding's name as asked for; raises WenluError `unknown_encoding`."""
    if source.encoding == "auto":
        return "auto"
    try:
        known = codecs.lookup(source.encoding).name in _UTF16 or "\n".encode(source.encoding) == b"\n"
    except (LookupError, UnicodeError):
        raise WenluError(
            "unknown_encoding",
            f"{source.uri}: there is no encoding '{source.encoding}'.",
            hint="utf-8, gb18030, big5, cp932, euc_jp, utf-16, …",
        ) from None
    if not known:
        raise WenluError(
            "unknown_encoding",
            f"{source.uri}: files in {source.encoding} are not read.",
            hint=f"Convert it: iconv -f {source.encoding} -t UTF-8",
        )
    return source.encoding


def named_classes(texts: Iterable[Text | Dropped], names: list[str]) -> Iterator[Text | Dropped]:
    """Numbers of classes become their names; a number that has none is refused."""
    for text in texts:
        if isinstance(text, Dropped):
            yield text
        elif (text.label or "").isdecimal() and int(text.label or "") < len(names):
            yield replace(text, label=names[int(text.label or "")])
        else:
            yield Dropped(text, "unknown_label")
