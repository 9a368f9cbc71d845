"""Objects as files under a root folder."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from wenlu.storage.by_uri import Entry, checked_key, no_object
from wenlu.storage.local import sync_folder

_PIECE = 1 << 20


class FolderStorage:
    """A key is a path below the root. Links that lead out of it are not followed."""

    def __init__(self, root: str) -> None:
        self._root = Path(root).resolve()

    def stat(self, key: str) -> Entry:
        path = self._path(key)
        if not path.is_file():
            raise no_object(f"file://{path}")
        found = path.stat()
        return Entry(key, found.st_size, f"{found.st_mtime_ns}-{found.st_size}")

    def list(self, prefix: str) -> Iterator[Entry]:
        folder = self._path(prefix.rpartition("/")[0])
        for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
            key = path.relative_to(self._root).as_posix()
            if path.is_file() and not path.is_symlink() and key.startswith(prefix):
                yield self.stat(key)

    def read(self, key: str) -> Iterator[bytes]:
        self.stat(key)
        with self._path(key).open("rb") as file:
            while piece := file.read(_PIECE):
                yield piece

    def write(self, key: str, pieces: Iterable[bytes]) -> None:
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".partial-{os.getpid()}-", delete=False) as file:
            partial = Path(file.name)
            try:
                file.writelines(pieces)
                file.flush()
                os.fsync(file.fileno())
                partial.replace(path)
            finally:
                partial.unlink(missing_ok=True)
        sync_folder(path.parent)

    def delete(self, key: str) -> None:
        self._path(key).unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        path = (self._root / checked_key(key)).resolve()
        if not path.is_relative_to(self._root):
            raise no_object(key)
        return path
