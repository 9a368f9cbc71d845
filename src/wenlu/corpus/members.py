"""The files of a source: one file, those of a folder, or the members of an archive.

Archives come from strangers. Nothing is extracted: members are read as streams, and their names never become paths.
Links, devices, absolute names and names with `..` are refused, and so is what grows to a hundred times its size.
"""

from __future__ import annotations

import errno
import lzma
import shutil
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

from wenlu.base.errors import WenluError
from wenlu.corpus.opening import PACKED, bare_name, open_bytes
from wenlu.storage.local import files_under

_MOST_MEMBERS = 5_000_000
_MOST_RATIO = 100
_FREE = 64 << 20
_IN_MEMORY = 16 << 20
_ARCHIVES = (".zip", ".tar", ".7z", ".rar")


@dataclass(frozen=True, slots=True)
class Member:
    """One file of a source. Its bytes may be opened any number of times until the next member is asked for."""

    name: str
    open: Callable[[], AbstractContextManager[IO[bytes]]]
    packed: bool = False
    """If it is an archive inside a folder or an archive, or compressed inside one: such are not opened."""


def is_many(path: Path) -> bool:
    """If `path` is a folder or an archive."""
    return path.is_dir() or bare_name(path).lower().endswith(".tar") or path.suffix.lower() == ".zip"


def members(path: Path) -> Iterator[Member]:
    """Every file at `path`, in the order of a folder's names or of an archive's members.

    Names that begin with a dot are left out: they are notes of the system that packed an archive.
    Raises WenluError `unsafe_archive`, `broken_archive`, `bomb`.
    """
    found = _members(path)
    return (member for member in found if not PurePosixPath(member.name).name.startswith("."))


def _members(path: Path) -> Iterator[Member]:
    if path.is_dir():
        return _of_folder(path)
    if bare_name(path).lower().endswith(".tar"):
        return _of_tar(path)
    if path.suffix.lower() == ".zip":  # by its name: an .xlsx is a zip too, and no archive of texts
        return _of_zip(path)
    return iter([Member(path.name, partial(open_bytes, path))])


def _of_folder(folder: Path) -> Iterator[Member]:
    for path in files_under(folder):
        name = path.relative_to(folder).as_posix()
        yield Member(name, partial(open_bytes, path), packed=bare_name(path).lower().endswith(_ARCHIVES))


def _of_tar(path: Path) -> Iterator[Member]:
    with _sentences(path), open_bytes(path) as file, tarfile.open(fileobj=file, mode="r|") as archive:
        for number, info in enumerate(iter(archive.next, None)):
            archive.members = []  # type: ignore[attr-defined]  # else each is remembered, a kilobyte a file
            # A sparse file of 20 kB may be 1 GB of zeros that no bound on the stream sees.
            plain = (info.isreg() and not info.issparse()) or info.isdir()
            _check(info.name, number, path, strange=not plain)
            content = archive.extractfile(info) if info.isreg() else None
            if content is not None:
                yield from _kept(_relative(info.name), content, path)


def _kept(name: str, content: IO[bytes], path: Path) -> Iterator[Member]:
    """A member of a stream that can't go back: its bytes are laid down once, in memory or on disk, if it is opened."""
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as kept:

        @contextmanager
        def opened() -> Iterator[IO[bytes]]:
            with _sentences(path):
                shutil.copyfileobj(content, kept)  # all of it the first time, then there is nothing left to copy
                kept.seek(0)
                yield kept

        yield Member(name, opened, packed=_is_packed(name))


def _of_zip(path: Path) -> Iterator[Member]:
    with _sentences(path), zipfile.ZipFile(path) as archive:
        infos = archive.infolist()
        if sum(info.file_size for info in infos) > max(_FREE, path.stat().st_size * _MOST_RATIO):
            raise WenluError("bomb", f"{path} grows to more than {_MOST_RATIO} times its size.")
        for number, info in enumerate(infos):
            mode = info.external_attr >> 16
            _check(info.filename, number, path, strange=bool(mode) and stat.S_IFMT(mode) not in _PLAIN)
            if not info.is_dir():
                name = _relative(info.filename)
                yield Member(name, partial(_zip_member, archive, info, path), packed=_is_packed(name))


@contextmanager
def _zip_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path) -> Iterator[IO[bytes]]:
    with _sentences(path), archive.open(info) as file:
        yield file


# RuntimeError: encrypted; NotImplementedError: an odd compression; the others: damaged inside a member
_BROKEN = (tarfile.TarError, zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error,
           lzma.LZMAError, OSError)  # fmt: skip
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
_PLAIN = (0, stat.S_IFREG, stat.S_IFDIR)


@contextmanager
def _sentences(path: Path) -> Iterator[None]:
    """What goes wrong inside an archive, said as one error."""
    try:
        yield
    except _BROKEN as error:
        if isinstance(error, OSError) and error.errno in _NO_ROOM:
            raise  # of the disk that members are laid down on: the archive is whole
        raise WenluError("broken_archive", f"{path} is cut off or damaged: {error}.") from None


def _is_packed(name: str) -> bool:
    return name.lower().endswith((*_ARCHIVES, *PACKED))


def _relative(name: str) -> str:
    """`./a/b` is `a/b`."""
    return PurePosixPath(name).as_posix()


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
