"""Bytes by URI: one storage a scheme, one row here.

A storage keeps objects: bytes under a key such as `news/2024/a.jsonl.gz`. An object is whole or not there; writing one
anew replaces it whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from wenlu.base.errors import WenluError
from wenlu.base.table import Table

STORAGES = Table(
    "storage",
    {
        "file": "wenlu.storage.folder:FolderStorage",
        "hdfs": "wenlu.storage.hdfs:HdfsStorage",
        "s3": "wenlu.storage.s3:S3Storage",
        "webhdfs": "wenlu.storage.webhdfs:WebHdfsStorage",
    },
)


@dataclass(frozen=True, slots=True)
class Entry:
    """An object: its key, its size, and a tag that is another one when its bytes are."""

    key: str
    bytes: int
    tag: str


class Storage(Protocol):
    """One bucket, or one root folder. Errors are WenluErrors: `no_object`, `storage_refused`, `bad_key`."""

    def __init__(self, root: str) -> None: ...

    def stat(self, key: str) -> Entry: ...

    def list(self, prefix: str) -> Iterator[Entry]:
        """The objects whose key begins with `prefix`, by key."""

    def read(self, key: str) -> Iterator[bytes]:
        """An object's bytes in pieces of bounded size."""

    def write(self, key: str, pieces: Iterable[bytes]) -> None:
        """Put an object; if `pieces` raises, nothing is there that was not there before."""

    def delete(self, key: str) -> None:
        """Remove an object; nothing happens if it is not there."""


@dataclass(frozen=True, slots=True)
class Place:
    """A storage and a key in it: what a URI means."""

    storage: Storage
    key: str


def place_of(uri: str) -> Place:
    """`s3://bucket/key` or `file:///folder/key`; raises WenluError `unknown_storage` for another scheme."""
    parts = urlsplit(uri)
    storage = STORAGES[parts.scheme]
    key = parts.path.lstrip("/")
    return Place(storage("/" if parts.scheme == "file" else parts.netloc), checked_key(key))


def checked_key(key: str) -> str:
    """`key` itself unless it could lead outside its root."""
    if "\0" in key or "\\" in key or any(part in (".", "..") for part in key.split("/")):
        raise WenluError("bad_key", f"{key!r} can't be the name of an object.", hint="Leave out '..', '\\' and NUL.")
    return key


def no_object(uri: str) -> WenluError:
    return WenluError("no_object", f"There is nothing at {uri}.", hint="Check the spelling, and who may read it.")
