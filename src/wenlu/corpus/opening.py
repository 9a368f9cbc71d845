"""Bytes of a file, decompressed as they are read, and their lines. Never more than one line in memory."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

import msgspec

from wenlu.base.errors import WenluError

LONGEST_LINE = 16 << 20
_MOST_RATIO = 100
_FREE = 64 << 20  # bytes that may come out whatever the ratio: small files of one repeated word are no attack
_CHUNK = 1 << 20


def _zstd(path: Path) -> Any:
    import pyarrow as pa  # loads in a tenth of a second, for one kind of file

    return _Zstd(pa.CompressedInputStream(pa.OSFile(str(path)), "zstd"))


class _Zstd:
    """A zstd stream whose errors are those of the other compressions: Arrow's look like those of a disk."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def __enter__(self) -> _Zstd:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def read(self, size: int) -> bytes:
        try:
            piece: bytes = self._file.read(size)
        except OSError as error:
            raise EOFError(str(error)) from None
        return piece


_OPENERS: dict[str, Callable[[Path], Any]] = {
    ".gz": gzip.GzipFile,
    ".tgz": gzip.GzipFile,
    ".xz": lzma.LZMAFile,
    ".bz2": bz2.BZ2File,
    ".zst": _zstd,
}
PACKED = frozenset(_OPENERS)
"""Suffixes of compressed files."""


class Line(msgspec.Struct, frozen=True, gc=False):
    """A line without its end. `number` counts from 1; `content` is None for one longer than `LONGEST_LINE`."""

    number: int
    offset: int
    content: bytes | None


def bare_name(path: Path) -> str:
    """The file's name without the suffix of its compression; `.tgz` is `.tar.gz`."""
    if path.suffix.lower() == ".tgz":
        return f"{path.stem}.tar"
    return path.stem if path.suffix.lower() in _OPENERS else path.name


@contextmanager
def open_bytes(path: Path) -> Iterator[IO[bytes]]:
    """The file's bytes, decompressed if its name says so.

    Raises WenluError `no_source`; while it is read: `bomb` (over 100 times its size), `broken_archive`.
    """
    opener = _OPENERS.get(path.suffix.lower())
    try:
        if opener is None:
            with path.open("rb") as plain:
                yield plain
        else:
            with opener(path) as file, io.BufferedReader(_Bounded(file, path), _CHUNK) as bounded:
                yield bounded
    except (EOFError, lzma.LZMAError, zlib.error, gzip.BadGzipFile) as error:
        raise WenluError("broken_archive", f"{path} is cut off or damaged: {error}.") from None
    except OSError as error:
        raise WenluError("no_source", f"{path} can't be read: {error.strerror or error}.") from None


def lines_of(file: IO[bytes]) -> Iterator[Line]:
    """The lines of `file`, at \\n alone; one that is too long is passed over in pieces."""
    offset = number = 0
    while piece := file.readline(LONGEST_LINE):
        number += 1
        start = offset
        offset += len(piece)
        if len(piece) == LONGEST_LINE and not piece.endswith(b"\n"):
            offset += _rest_of_line(file)
            yield Line(number, start, None)
        else:
            yield Line(number, start, piece.rstrip(b"\r\n"))


def wide_lines_of(file: IO[bytes], *, newline: bytes) -> Iterator[Line]:
    """The lines of a file in UTF-16, where a line's end is two bytes at an even place."""
    offset = number = 0
    end = newline.replace(b"\n", b"\r")
    rest, too_long = b"", False
    while block := file.read(_CHUNK):
        *lines, rest = _wide_split(rest + block, newline)
        for line in lines:
            number += 1
            yield Line(number, offset, None if too_long else line.removesuffix(end))
            offset, too_long = offset + len(line) + 2, False
        if len(rest) > LONGEST_LINE:  # what is dropped here is even, so that later places stay so
            offset, rest, too_long = offset + len(rest) // 2 * 2, rest[len(rest) // 2 * 2 :], True
    if rest or too_long:
        yield Line(number + 1, offset, None if too_long else rest.removesuffix(end))


def _wide_split(content: bytes, newline: bytes) -> list[bytes]:
    parts, start, found = [], 0, content.find(newline)
    while found >= 0:
        if found % 2 == 0:
            parts.append(content[start:found])
            start = found + 2
        found = content.find(newline, found + 1 if found % 2 else start)
    return [*parts, content[start:]]


def _rest_of_line(file: IO[bytes]) -> int:
    passed = 0
    while piece := file.readline(_CHUNK):
        passed += len(piece)
        if piece.endswith(b"\n"):
            break
    return passed


class _Bounded(io.RawIOBase):
    """A decompressed stream that refuses to grow past a hundred times the file it comes from."""

    def __init__(self, file: IO[bytes], path: Path) -> None:
        self._file = file
        self._path = path
        self._left = max(_FREE, path.stat().st_size * _MOST_RATIO)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(cast(bytearray, buffer))
        piece = self._file.read(len(view))
        self._left -= len(piece)
        if self._left < 0:
            raise WenluError(
                "bomb", f"{self._path} grows to more than {_MOST_RATIO} times its size.", hint="Decompress it yourself."
            )
        view[: len(piece)] = piece
        return len(piece)
