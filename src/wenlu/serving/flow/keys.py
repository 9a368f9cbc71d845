"""API keys: `wl_<id>_<secret>`, of which only a keyed digest is stored."""

from __future__ import annotations

import hashlib
import hmac
import logging
import os
import re
import secrets
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from wenlu.base.errors import WenluError
from wenlu.base.spec import Field, Spec, check
from wenlu.serving.flow.gcra import Rate
from wenlu.storage.local import write_atomic
from wenlu.storage.names import checked_name

Scope = Literal["infer", "admin"]

_log = logging.getLogger("wenlu.serving")

_PEPPER, _PEPPER_BYTES = "pepper", 32
_KEY = re.compile(r"wl_([0-9a-f]{12})_([0-9a-f]{48})")
_NOBODY = "0" * 64  # the digest that a secret is compared with where there is no such key


class KeyRecord(Spec):
    """What is stored of a key."""

    id: str
    name: str
    digest: str = Field(description="HMAC-SHA256 of the secret under the folder's pepper, in hex")
    created: str = Field(description="UTC, ISO 8601")
    expires: str | None = Field(default=None, description="UTC, ISO 8601; left out: never")
    revoked: str | None = Field(default=None, description="UTC, ISO 8601, where it was")
    scopes: list[Scope] = Field(default=["infer"], min_length=1, description="infer: predict; admin: metrics too")
    models: list[str] = Field(default=[], description="Names of models it may ask; empty: all")
    requests: str | None = Field(default=None, description="Requests, such as 10/s or 600/min")
    characters: str | None = Field(default=None, description="Characters of texts, such as 100000/min")
    at_once: int | None = Field(default=None, ge=1, description="Requests that are answered at the same time")

    def usable(self, now: datetime) -> bool:
        return self.revoked is None and (self.expires is None or now < datetime.fromisoformat(self.expires))


class KeyFolder:
    """The keys of a workspace, a file each; only its owner can read them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def new(self, record: KeyRecord) -> str:
        """Store a key like `record` under a fresh id and secret; the key itself is given out this once.

        Raises WenluError: `bad_name`, `bad_rate`.
        """
        checked_name(record.name, what="key")
        for rate in (record.requests, record.characters):
            if rate is not None:
                Rate.read(rate)
        secret = secrets.token_hex(24)
        stored = record.model_copy(update={"id": secrets.token_hex(6), "digest": self._digest(secret)})
        self._write(stored)
        return f"wl_{stored.id}_{secret}"

    def revoke(self, name: str) -> KeyRecord:
        """Services refuse it within a second. Raises WenluError `unknown_key`."""
        revoked = self.find(name).model_copy(update={"revoked": now().isoformat()})
        self._write(revoked)
        return revoked

    def rotate(self, name: str, *, overlap: timedelta) -> str:
        """A fresh key like the one before, which is good for `overlap` longer. Raises WenluError `unknown_key`."""
        old = self.find(name)
        if not old.usable(now()):
            raise WenluError("unknown_key", f"'{name}' was revoked or has expired.", hint="Make one: wenlu key new")
        key = self.new(old.model_copy(update={"created": now().isoformat()}))
        ends = (now() + overlap).isoformat()
        self._write(old.model_copy(update={"expires": min(ends, old.expires or ends)}))
        return key

    def find(self, name: str) -> KeyRecord:
        """The newest usable one of that name, or that id; raises WenluError `unknown_key`."""
        found = [record for record in self.records() if name in (record.name, record.id)]
        if not found:
            raise WenluError("unknown_key", f"There is no key '{name}'.", hint="See: wenlu key list")
        return max(found, key=lambda record: (record.usable(now()), record.created))

    def records(self) -> Iterator[KeyRecord]:
        """By date. Raises WenluError for a file that is no key."""
        found = [check(KeyRecord, path.read_bytes(), where=str(path)) for path in self.folder.glob("*.json")]
        yield from sorted(found, key=lambda record: record.created)

    def changed(self) -> int:
        """A number that is another after keys were made or revoked."""
        try:
            return self.folder.stat().st_mtime_ns
        except OSError:
            return 0

    def _write(self, record: KeyRecord) -> None:
        path = self.folder / f"{record.id}.json"
        write_atomic(path, record.model_dump_json(indent=1).encode())
        path.chmod(0o600)

    def _digest(self, secret: str) -> str:
        return digest_of(secret, self.pepper())

    def pepper(self) -> bytes:
        """Made where there is none."""
        path = self.folder / _PEPPER
        if not path.exists():
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_atomic(path, os.urandom(_PEPPER_BYTES))
            path.chmod(0o600)
        return path.read_bytes()


class KeyRing:
    """The keys as a service reads them: a change is noticed within a second."""

    _LOOK_SECONDS = 1.0

    def __init__(self, folder: KeyFolder) -> None:
        """Raises WenluError for files that are no keys."""
        self._folder = folder
        self._look_at = float("-inf")
        self._changed = -1
        self._records: dict[str, KeyRecord] = {}
        self._pepper = folder.pepper()
        self._look()

    def __len__(self) -> int:
        """How many can be used."""
        return sum(record.usable(now()) for record in self._records.values())

    def find(self, key: str) -> KeyRecord | None:
        """The record of a key that is good now. It takes as long for any secret, and for an id that there isn't."""
        self._look()
        parts = _KEY.fullmatch(key)
        record = self._records.get(parts[1]) if parts else None
        secret = parts[2] if parts else ""
        good = hmac.compare_digest(digest_of(secret, self._pepper), record.digest if record else _NOBODY)
        return record if good and record is not None and record.usable(now()) else None

    def _look(self) -> None:
        moment = time.monotonic()
        if moment < self._look_at:
            return
        self._look_at = moment + self._LOOK_SECONDS
        changed = self._folder.changed()
        if changed == self._changed:
            return
        try:
            self._records = {record.id: record for record in self._folder.records()}
            self._changed = changed
        except (OSError, WenluError) as error:
            if self._changed < 0:
                raise
            _log.error("the keys can't be read, those of before stay good: %s", error)


def digest_of(secret: str, pepper: bytes) -> str:
    return hmac.new(pepper, secret.encode(), hashlib.sha256).hexdigest()


def now() -> datetime:
    return datetime.now(UTC)
