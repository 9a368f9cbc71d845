"""A folder or an archive of text files: a file is a text, its folder is the label.

Archives come from strangers. Nothing is extracted: members are read as a stream, one at a time, to memory of bounded
size, and their names never become paths. Links, devices, absolute names and names with `..` are refused.
"""

from __future__ import annotations

import fnmatch
import lzma
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from wenlu.base.errors import WenluError
from wenlu.base.records import Dropped, Source, Text
from wenlu.corpus.encoding import detect
from wenlu.corpus.opening import bare_name, open_bytes
from wenlu.corpus.settings import SourceConfig

_MOST_MEMBERS = 5_000_000
_LARGEST = 64 << 20
_MOST_RATIO = 100
_FREE = 64 << 20
_TELLING = 200  # bytes; a shorter file may not tell its encoding by itself


def read_tree(path: Path, source: SourceConfig, *, encoding: str) -> Iterator[Text | Dropped]:
    """Every file that `include` names is a text; the name of its folder is the label unless the source has one.

    Where no file lies in a folder of its own, no text has a label.
    """
    encodings = _Encodings(path, source, encoding)
    labelled = source.folder_labels and any(
        "/" in name for name, _ in _included(path, source)
    )  # the first file tells, but in a flat tree
    for name, content in _included(path, source):
        label = source.label or (source.folder_labels and PurePosixPath(name).parent.name) or None
        if not _is_text(name):
            yield _bad_name(name)
        elif content is None:
            yield Dropped(Text("", source=Source(name)), "file_too_large")
        elif labelled and label is None:
            yield Dropped(Text("", source=Source(name)), "no_label")
        else:
            yield _text(name, content, label, source, encodings)


def _included(path: Path, source: SourceConfig) -> Iterator[tuple[str, bytes | None]]:
    """The members asked for. Names that begin with a dot are notes of the system that packed the archive."""
    for member, content in _members(path):
        name = PurePosixPath(member)
        if not name.name.startswith(".") and fnmatch.fnmatchcase(name.as_posix(), source.include):
            yield name.as_posix(), content


class _Encodings:
    """What each file of a tree is in: what was asked for, else what it tells itself, else what the whole tree tells."""

    def __init__(self, path: Path, source: SourceConfig, asked: str) -> None:
        self._path = path
        self._source = source
        self._asked = asked
        self._usual = ""

    def of(self, name: str, content: bytes) -> str:
        """Raises WenluError `encoding_unclear`."""
        if self._asked != "auto":
            return self._asked
        try:
            return detect(content.split(b"\n"), name=name)
        except WenluError:
            if len(content) > _TELLING:
                raise
        self._usual = self._usual or detect(self._lines(), name=self._source.uri)
        return self._usual

    def _lines(self) -> Iterator[bytes]:
        for _, content in _included(self._path, self._source):
            yield from (content or b"").split(b"\n")


def _is_text(name: str) -> bool:
    """If the name was in UTF-8: in a tar packed under GBK or CP932 it may be bytes that nothing can decode."""
    return not any("\ud800" <= character <= "\udfff" for character in name)


def _bad_name(name: str) -> Dropped:
    return Dropped(Text("", source=Source(name.encode("utf-8", "backslashreplace").decode())), "bad_name")


def _text(name: str, content: bytes, label: str | None, source: SourceConfig, encodings: _Encodings) -> Text | Dropped:
    content = content.removeprefix(b"\xef\xbb\xbf")
    try:
        body = b"\n".join(content.split(b"\n")[source.skip_lines :]).decode(encodings.of(name, content))
    except UnicodeDecodeError:
        return Dropped(Text("", source=Source(name)), "bad_encoding")
    return Text(body, label, Source(name), source.split)


def _members(path: Path) -> Iterator[tuple[str, bytes | None]]:
    """Name and bytes of every file; None for one that is too large to be one text."""
    if path.is_dir():
        return _of_folder(path)
    if zipfile.is_zipfile(path):
        return _of_zip(path)
    if bare_name(path).endswith(".tar"):
        return _of_tar(path)
    raise WenluError("unknown_format", f"{path} is neither a folder nor a .tar, .tar.gz, .tar.xz or .zip archive.")


def _of_folder(folder: Path) -> Iterator[tuple[str, bytes | None]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            small = path.stat().st_size <= _LARGEST
            yield path.relative_to(folder).as_posix(), path.read_bytes() if small else None


def _of_tar(path: Path) -> Iterator[tuple[str, bytes | None]]:
    try:
        with open_bytes(path) as file, tarfile.open(fileobj=file, mode="r|") as archive:
            for number, member in enumerate(archive):
                # A sparse file of 20 kB may be 1 GB of zeros that no bound on the stream sees.
                plain = (member.isreg() and not member.issparse()) or member.isdir()
                _check(member.name, number, path, strange=not plain)
                content = archive.extractfile(member) if member.isreg() else None
                if content is not None:
                    yield member.name, _read(content, member.size)
    except tarfile.TarError as error:
        raise WenluError("broken_archive", f"{path} is cut off or damaged: {error}.") from None


def _of_zip(path: Path) -> Iterator[tuple[str, bytes | None]]:
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
            if sum(info.file_size for info in infos) > max(_FREE, path.stat().st_size * _MOST_RATIO):
                raise WenluError("bomb", f"{path} grows to more than {_MOST_RATIO} times its size.")
            for number, info in enumerate(infos):
                mode = info.external_attr >> 16
                _check(info.filename, number, path, strange=bool(mode) and stat.S_IFMT(mode) not in _PLAIN)
                if not info.is_dir():
                    with archive.open(info) as content:
                        yield info.filename, _read(content, info.file_size)
    except _BROKEN_ZIP as error:
        raise WenluError("broken_archive", f"{path} can't be read: {error}.") from None


# RuntimeError: encrypted; NotImplementedError: an odd compression; the others: damaged inside a member
_BROKEN_ZIP = (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error, lzma.LZMAError, OSError)
_PLAIN = (0, stat.S_IFREG, stat.S_IFDIR)


def _read(content: IO[bytes], size: int) -> bytes | None:
    """At most `_LARGEST` bytes, whatever the archive says of the size."""
    if size > _LARGEST:
        return None
    found = content.read(_LARGEST + 1)
    return found if len(found) <= _LARGEST else None


def _check(name: str, number: int, path: Path, *, strange: bool) -> None:
    """Refuse a member that no archive of texts has."""
    if number >= _MOST_MEMBERS:
        raise WenluError("unsafe_archive", f"{path} holds more than {_MOST_MEMBERS:,} files.")
    parts = name.replace("\\", "/").split("/")
    if strange or name.startswith(("/", "\\")) or ".." in parts or "\0" in name or parts[0].endswith(":"):
        raise WenluError(
            "unsafe_archive",
            f"{path} holds {name!r}, which is a link, a device, or a name that leads outside.",
            hint="Pack plain files with relative names.",
        )
