"""Files and folders that appear whole or not at all, even after a kill or a power cut.

write → fsync(file) → rename → fsync(folder). What was begun and not finished is called `.partial-…` and is
swept away by the next writer of the same name.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_PARTIAL = ".partial-"


def write_atomic(path: Path, content: bytes) -> None:
    """Put `content` at `path`; a reader sees the old bytes or the new ones, never a mixture."""
    with new_file(path) as file:
        file.write(content)


@contextmanager
def new_file(path: Path) -> Iterator[IO[bytes]]:
    """A file to write; it stands at `path` when the block ends without an exception, and is removed otherwise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{_PARTIAL}{os.getpid()}-{path.name}")
    try:
        with partial.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    sync_folder(path.parent)


def remove_folder(folder: Path) -> None:
    """Take a folder away: at once for whoever looks, its bytes afterwards."""
    going = folder.with_name(f"{_PARTIAL}{os.getpid()}-{folder.name}")
    folder.rename(going)
    sync_folder(folder.parent)
    shutil.rmtree(going)


@dataclass(frozen=True, slots=True)
class NewFolder:
    """A folder that is being filled, beside where it will stand."""

    path: Path

    def publish(self, name: str) -> None:
        """Give the folder its name, with everything in it on disk.

        A folder of that name is kept and this one dropped: published folders never change.
        """
        _sync_tree(self.path)
        final = self.path.with_name(name)
        if not final.exists():
            self.path.rename(final)
            sync_folder(final.parent)


@contextmanager
def new_folder(parent: Path) -> Iterator[NewFolder]:
    """A folder to fill inside `parent`; gone when the block ends, unless it was published."""
    parent.mkdir(parents=True, exist_ok=True)
    path = Path(tempfile.mkdtemp(prefix=f"{_PARTIAL}{os.getpid()}-", dir=parent))
    path.chmod(0o755)  # mkdtemp's 0700 would lock out others who may read the workspace
    try:
        yield NewFolder(path)
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def atomic_folder(final: Path) -> Iterator[Path]:
    """A folder to fill; it becomes `final` when the block ends without an exception, and is removed otherwise."""
    with new_folder(final.parent) as folder:
        yield folder.path
        folder.publish(final.name)


def sweep_partial(folder: Path) -> None:
    """Remove what writers that no longer live have left half-made directly in `folder`."""
    for left in folder.glob(f"{_PARTIAL}*"):
        writer = left.name.removeprefix(_PARTIAL).partition("-")[0]
        if not (writer.isdigit() and int(writer) != os.getpid() and _lives(int(writer))):
            shutil.rmtree(left) if left.is_dir() else left.unlink(missing_ok=True)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file `path` against other processes; waits for it. The kernel frees it if we die."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def sha256_file(path: Path) -> str:
    """Hex SHA-256 of a file's bytes, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def files_under(folder: Path) -> Iterator[Path]:
    """Every plain file in `folder` and below it, in the order of their names; links are not followed.

    Only the names of a folder and of those above it are held, where a sorted list would hold a path for every file.
    """
    try:
        names = sorted(os.listdir(folder))
    except PermissionError:
        return
    for name in names:
        path = folder / name
        mode = path.lstat().st_mode
        if stat.S_ISDIR(mode):
            yield from files_under(path)
        elif stat.S_ISREG(mode):
            yield path


def sync_folder(folder: Path) -> None:
    """Make the names inside `folder` outlive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _sync_tree(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir():
            sync_folder(path)
        else:
            with path.open("rb") as file:
                os.fsync(file.fileno())
    sync_folder(folder)
