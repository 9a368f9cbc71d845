"""Answers on disk: they outlive the process, within so many bytes.

An SQLite file that one thread writes and another reads. Each answer carries a checksum over key and content, so a
changed byte makes a miss. A file that SQLite itself finds broken is thrown away and begun anew; a disk that is full or
gone stops the writing for a while. Neither ever reaches a request.
"""

from __future__ import annotations

import hashlib
import logging
import sqlite3
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

_log = logging.getLogger("wenlu.serving")

_CHECK_BYTES = 8
_MOST_WAITING = 100_000  # answers to be written; more are left out
_EVERY_SECONDS = 2.0  # many at once are written in a fraction of the time, and who asks is disturbed less often
_REST_SECONDS = 30.0
_BUSY_SECONDS, _PATIENCE = 0.05, 5.0  # a reader, and the writer, may wait so long for another process
_SHARE_LEFT = 0.9  # of the limit, once the oldest had to go

_KEEP = "INSERT OR REPLACE INTO answers (key, value) VALUES (?, ?)"
_FIND = "SELECT value FROM answers WHERE key = ?"

Row = tuple[bytes, bytes]


class Disk:
    """Bytes by key. `get` belongs to one thread, which also makes and closes it; `put` only leaves word."""

    def __init__(self, path: Path, *, limit: int) -> None:
        """At most about `limit` bytes in the file `path`; raises OSError where it can't be made."""
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.faults = 0
        """How often the file was broken, or could not be read or written."""
        self.bytes = 0
        """Of the file, as far as it is in use."""
        self._path = path
        self._reader: sqlite3.Connection | None = None
        self._generation = 0  # of the file: it is another after each time it was thrown away
        self._opened = -1
        self._lock = threading.Lock()
        self._waiting: list[Row] = []
        self._closing = threading.Event()
        self._ready = threading.Event()
        self._writer = _Writer(self, limit)
        self._thread = threading.Thread(target=self._write, name="wenlu-cache", daemon=True)
        self._thread.start()
        self._ready.wait(10)

    @property
    def path(self) -> Path:
        return self._path

    def get(self, key: bytes) -> bytes | None:
        """What was put, letter for letter, or None."""
        generation = self._generation
        try:
            reader = self._open(generation)
            found = reader.execute(_FIND, (key,)).fetchone() if reader else None
        except sqlite3.OperationalError:
            self.faults += 1
            return None
        except sqlite3.DatabaseError:
            self.renew(generation)
            return None
        return None if found is None else _checked(key, found[0])

    def put(self, key: bytes, content: bytes) -> None:
        """Some seconds from now, unless very much waits already."""
        if len(self._waiting) < _MOST_WAITING:
            self._waiting.append((key, content))

    def close(self) -> None:
        """What waits is written first."""
        self._closing.set()
        self._thread.join(10)
        self._let_go()

    def renew(self, generation: int) -> None:
        """Throw the file away, unless somebody did since; it is begun anew."""
        with self._lock:
            if generation != self._generation:
                return
            for suffix in ("", "-wal", "-shm"):
                with suppress(OSError):
                    self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
            self._generation += 1
            self.faults += 1
        _log.warning("the answers on disk are damaged, and begin anew")

    @property
    def generation(self) -> int:
        return self._generation

    def _open(self, generation: int) -> sqlite3.Connection | None:
        """None where there is no file yet."""
        if self._opened != generation:
            self._let_go()
            if not self._path.exists():
                return None
            self._reader, self._opened = connection(self._path, patience=_BUSY_SECONDS), generation
        return self._reader

    def _let_go(self) -> None:
        if self._reader is not None:
            with suppress(sqlite3.Error):
                self._reader.close()
        self._reader, self._opened = None, -1

    def _write(self) -> None:
        self._writer.write([])
        self._ready.set()
        while not self._closing.wait(_EVERY_SECONDS):
            self._write_waiting()
        self._write_waiting()
        self._writer.close()

    def _write_waiting(self) -> None:
        """In the order of their keys, so that rows which lie side by side are written together."""
        rows, self._waiting = self._waiting, []
        if rows:
            self._writer.write(sorted(rows))


class _Writer:
    """The one that writes, in its own thread."""

    def __init__(self, disk: Disk, limit: int) -> None:
        self._disk, self._limit = disk, limit
        self._to: sqlite3.Connection | None = None
        self._opened = -1
        self._rests_until = 0.0

    def write(self, rows: Sequence[Row]) -> None:
        """As far as it can be done."""
        if time.monotonic() < self._rests_until:
            return
        generation = self._disk.generation
        try:
            to = self._open(generation)
            with to:
                to.executemany(_KEEP, ((key, _check(key, content) + content) for key, content in rows))
            self._disk.bytes = _bounded(to, self._limit)
        except sqlite3.OperationalError as error:
            self._disk.faults += 1
            self._rests_until = time.monotonic() + _REST_SECONDS
            _log.warning("answers can't be kept on disk: %s", error)
            self.close()
        except sqlite3.DatabaseError:
            self.close()
            self._disk.renew(generation)

    def close(self) -> None:
        if self._to is not None:
            with suppress(sqlite3.Error):
                self._to.close()
        self._to, self._opened = None, -1

    def _open(self, generation: int) -> sqlite3.Connection:
        if self._to is None or self._opened != generation:
            self.close()
            self._to, self._opened = connection(self._disk.path, patience=_PATIENCE), generation
            self._to.execute("PRAGMA journal_mode = WAL")
            self._to.execute(
                "CREATE TABLE IF NOT EXISTS answers (age INTEGER PRIMARY KEY, key BLOB UNIQUE, value BLOB) STRICT"
            )
        return self._to


def connection(path: Path, *, patience: float) -> sqlite3.Connection:
    """To the file, safe against a crash of ours; after a loss of power it may be damaged, which is a miss. It waits
    for others that write at most `patience` seconds."""
    opened = sqlite3.connect(path, timeout=patience, check_same_thread=False)
    opened.execute("PRAGMA synchronous = NORMAL")
    return opened


def _bounded(to: sqlite3.Connection, limit: int) -> int:
    """Bytes in use, after the oldest answers had to go where they were too many."""
    used = _used(to)
    while used > limit:
        (count,) = to.execute("SELECT count(*) FROM answers").fetchone()
        if not count:
            break
        share = 1 - _SHARE_LEFT * limit / used
        with to:
            to.execute(
                "DELETE FROM answers WHERE age IN (SELECT age FROM answers ORDER BY age LIMIT ?)",
                (max(1, int(count * share)),),
            )
        used = _used(to)
    return used


def _used(to: sqlite3.Connection) -> int:
    pages, free, size = (
        to.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)


def _checked(key: bytes, value: object) -> bytes | None:
    """What was put, if it is that to the last bit."""
    if not isinstance(value, bytes):
        return None
    content = value[_CHECK_BYTES:]
    return content if value[:_CHECK_BYTES] == _check(key, content) else None


def _check(key: bytes, content: bytes) -> bytes:
    return hashlib.blake2b(content, key=key, digest_size=_CHECK_BYTES).digest()
