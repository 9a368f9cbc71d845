"""The door's guard: which key asks, whether it may, and whether it asks too much."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic

from wenlu.base.errors import WenluError
from wenlu.serving.flow.gcra import Gcra, Rate
from wenlu.serving.flow.keys import KeyRecord, KeyRing, Scope
from wenlu.serving.refusal import Refusal

_BEARER = b"bearer "


@dataclass(slots=True, eq=False)
class Caller:
    """A key, and what it has asked so far."""

    record: KeyRecord
    requests: Gcra | None
    characters: Gcra | None
    open: int = field(default=0)

    @classmethod
    def of(cls, record: KeyRecord) -> Caller:
        def gcra(rate: str | None) -> Gcra | None:
            return None if rate is None else Gcra(Rate.read(rate))

        return cls(record, gcra(record.requests), gcra(record.characters))

    def spend(self, characters: int) -> None:
        """Raises WenluError `too_many_characters`."""
        if self.characters is not None and (wait := self.characters.take(characters, now=monotonic())):
            raise _later("too_many_characters", f"{self.record.characters} characters are this key's.", wait)

    @contextmanager
    def asking(self) -> Iterator[None]:
        """While a request is answered; raises WenluError `too_many_at_once`, `too_many_requests`."""
        most = self.record.at_once
        if most is not None and self.open >= most:
            raise _later("too_many_at_once", f"{most} requests at the same time are this key's.", 1.0)
        if self.requests is not None and (wait := self.requests.take(1, now=monotonic())):
            raise _later("too_many_requests", f"{self.record.requests} requests are this key's.", wait)
        self.open += 1
        try:
            yield
        finally:
            self.open -= 1


class Guard:
    """Lets in who has a good key. Belongs to the event loop."""

    def __init__(self, ring: KeyRing, *, model: str) -> None:
        self._ring, self._model = ring, model
        self._callers: dict[str, Caller] = {}

    def caller(self, authorization: bytes, scope: Scope) -> Caller:
        """Who asks; raises WenluError: `no_key`, `bad_key`, `key_not_allowed`."""
        record = self._ring.find(_key_in(authorization))
        if record is None:
            raise Refusal(
                "bad_key",
                "This key is not one of this service, was revoked, or has expired.",
                hint="Ask its operator for one.",
                headers=((b"www-authenticate", b'Bearer error="invalid_token"'),),
            )
        if scope not in record.scopes and "admin" not in record.scopes:
            raise WenluError("key_not_allowed", f"This key is not for '{scope}'.")
        if record.models and self._model not in record.models:
            raise WenluError("key_not_allowed", f"This key is not for the model '{self._model}'.")
        caller = self._callers.get(record.id)
        if caller is None or caller.record != record:
            caller = self._callers[record.id] = Caller.of(record)
        return caller


def _key_in(authorization: bytes) -> str:
    if not authorization:
        raise Refusal(
            "no_key",
            "This service wants an API key.",
            hint="Send the header Authorization: Bearer wl_…",
            headers=((b"www-authenticate", b"Bearer"),),
        )
    if authorization[: len(_BEARER)].lower() != _BEARER:
        return ""
    return authorization[len(_BEARER) :].strip().decode("latin-1")


def _later(code: str, message: str, wait: float) -> WenluError:
    if math.isinf(wait):
        return WenluError(code, message, hint="One request asks for more than that: split it.")
    seconds = max(1, math.ceil(wait))
    return Refusal(code, message, hint=f"Try again in {seconds} s.", headers=((b"retry-after", b"%d" % seconds),))
