"""Objects as files of another machine, in a tree of folders with an atomic rename.

An object is written beside its place under a name beginning with `.partial-` and renamed when its last byte is there.
Hadoop's own readers skip names beginning with a dot, as `list` here does, so what a killed writer leaves is never taken
for data; it can be removed at any time.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Protocol

from wenlu.base.errors import WenluError
from wenlu.storage.by_uri import Entry, checked_key, no_object

_PARTIAL = ".partial-"


@dataclass(frozen=True, slots=True)
class Node:
    """What lies at a path: its name in its folder; bytes and tag are a file's, as in Entry."""

    name: str
    is_folder: bool
    bytes: int
    tag: str


class Tree(Protocol):
    """Files by absolute path. Raises FileNotFoundError, and WenluError `storage_refused` for all else that fails."""

    def look(self, path: str) -> Node: ...

    def children(self, path: str) -> Iterator[Node]:
        """What lies directly in a folder, in any order; nothing if `path` is a file."""

    def read(self, path: str) -> Iterator[bytes]: ...

    def create(self, path: str, pieces: Iterable[bytes]) -> None:
        """Put a new file, and the folders it lies in. What is there if `pieces` raises is the caller's to remove."""

    def rename(self, path: str, target: str) -> None:
        """Give a file another name in one step, in place of the file that has it."""

    def remove(self, path: str) -> None:
        """Remove a file; nothing happens if it is not there."""


class TreeStorage:
    """Objects below the root of a tree; `uri` is what its sentences begin with: `hdfs://namenode:8020`."""

    def __init__(self, uri: str, tree: Tree) -> None:
        self._uri = uri
        self._tree = tree

    def stat(self, key: str) -> Entry:
        with self._found(key):
            node = self._tree.look(_path(key))
        if node.is_folder:
            raise no_object(f"{self._uri}/{key}")
        return Entry(key, node.bytes, node.tag)

    def list(self, prefix: str) -> Iterator[Entry]:
        folder, slash, _ = checked_key(prefix).rpartition("/")
        return self._walk(folder + slash, prefix)

    def read(self, key: str) -> Iterator[bytes]:
        with self._found(key):
            yield from self._tree.read(_path(key))

    def write(self, key: str, pieces: Iterable[bytes]) -> None:
        path = _path(key)
        partial = f"{path.rpartition('/')[0]}/{_PARTIAL}{uuid.uuid4().hex}"
        try:
            self._tree.create(partial, pieces)
            self._tree.rename(partial, path)
        except BaseException:
            with suppress(WenluError):  # what stopped the writing is the error to tell
                self._tree.remove(partial)
            raise

    def delete(self, key: str) -> None:
        with suppress(FileNotFoundError):
            if not self._tree.look(_path(key)).is_folder:
                self._tree.remove(_path(key))

    def _walk(self, folder: str, prefix: str) -> Iterator[Entry]:
        """The objects below `folder` ("" or "a/b/") by key: memory holds the names of the folders on the way."""
        for node in self._sorted(folder):
            key = folder + node.name
            if not key.startswith(prefix) or node.name.startswith(_PARTIAL):
                continue
            if node.is_folder:
                yield from self._walk(f"{key}/", f"{key}/")
            else:
                yield Entry(key, node.bytes, node.tag)

    def _sorted(self, folder: str) -> Iterable[Node]:
        """A folder sorts as its objects' keys do: `b.txt` comes before what lies in `b/`."""
        try:
            return sorted(self._tree.children(_path(folder.rstrip("/"))), key=_in_keys_order)
        except FileNotFoundError:
            return ()

    @contextmanager
    def _found(self, key: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise no_object(f"{self._uri}/{key}") from None


def _in_keys_order(node: Node) -> str:
    return f"{node.name}/" if node.is_folder else node.name


def _path(key: str) -> str:
    return f"/{checked_key(key)}"
