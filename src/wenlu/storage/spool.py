"""Remote objects on this machine's disk: fetched once, named by what they are, read as often as wanted.

Readers want to seek, look at a file twice (once for its encoding) and hash it; a disk is cheaper than reading a bucket
three times. Memory holds one piece. The folder is WENLU_CACHE, else ~/.cache/wenlu; it can be removed at any time.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from wenlu.base.errors import WenluError
from wenlu.storage.by_uri import Entry, Place, checked_key, no_object, place_of
from wenlu.storage.local import atomic_folder, locked


def spool(uri: str) -> Path:
    """The object at `uri`, or a folder of all the objects below it, as files on this machine.

    What lies there already is taken if the object still has the same tag. Raises what the storage raises.
    """
    place = place_of(uri)
    entries = _entries(place)
    if not entries:
        raise no_object(uri)
    folder = cache_folder() / "objects" / _name(uri, entries)
    with locked(folder.with_name(f".lock-{folder.name}")):
        if not folder.exists():
            with atomic_folder(folder) as partial:
                for entry in entries:
                    _fetch(place, entry, partial / _inside(place, entry))
    return folder / _inside(place, entries[0]) if _is_one(place, entries) else folder


def cache_folder() -> Path:
    """Where fetched objects are kept."""
    named = os.environ.get("WENLU_CACHE")
    return Path(named).absolute() if named else Path.home() / ".cache" / "wenlu"


def _entries(place: Place) -> list[Entry]:
    """The one object of that key, or all below it."""
    if place.key and not place.key.endswith("/"):
        try:
            return [place.storage.stat(place.key)]
        except WenluError as error:
            if error.code != "no_object":
                raise
    prefix = f"{place.key.rstrip('/')}/" if place.key else ""
    return list(place.storage.list(prefix))


def _is_one(place: Place, entries: list[Entry]) -> bool:
    return entries[0].key == place.key


def _inside(place: Place, entry: Entry) -> str:
    """An object's path below the folder: its last part if it is the one asked for, else what follows the prefix."""
    if entry.key == place.key:
        return entry.key.rpartition("/")[2]
    return checked_key(entry.key.removeprefix(place.key.rstrip("/")).lstrip("/"))


def _name(uri: str, entries: Iterable[Entry]) -> str:
    """Another name as soon as any object has another tag."""
    parts = [uri, *(f"{entry.key}\0{entry.tag}" for entry in entries)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def _fetch(place: Place, entry: Entry, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.writelines(place.storage.read(entry.key))
    if path.stat().st_size != entry.bytes:
        raise WenluError("storage_refused", f"{entry.key} changed while it was read.", hint="Run it again.")
