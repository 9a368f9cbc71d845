"""What the headers of a request must be before anything else of it is looked at."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from wenlu.base.errors import WenluError

Header = tuple[bytes, bytes]

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})

_ID = re.compile(rb"[A-Za-z0-9_-]{1,64}")
_HOST = re.compile(rb"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]{1,5})?")
_READ = frozenset(
    (
        b"host",
        b"origin",
        b"content-type",
        b"content-length",
        b"content-encoding",
        b"transfer-encoding",
        b"x-request-id",
        b"authorization",
        b"x-request-deadline-ms",
    )
)
_MILLISECONDS = re.compile(rb"[1-9][0-9]{0,6}")
_MOST_REMEMBERED = 64


@dataclass(slots=True)
class Head:
    """The headers that matter here; empty where absent."""

    host: bytes = b""
    origin: bytes = b""
    content_type: bytes = b""
    content_length: bytes = b""
    content_encoding: bytes = b""
    transfer_encoding: bytes = b""
    request_id: bytes = b""
    authorization: bytes = b""
    deadline_ms: bytes = b""


def read_head(headers: Sequence[Header]) -> Head:
    """Raises WenluError `bad_http` if one that must be single comes twice, `bad_host` if that is Host."""
    found: dict[bytes, bytes] = {}
    for name, value in headers:
        if name in _READ:
            if name in found:
                raise WenluError(
                    "bad_host" if name == b"host" else "bad_http", f"The header {name.decode()} came more than once."
                )
            found[name] = value
    get = found.get
    return Head(
        get(b"host", b""), get(b"origin", b""), get(b"content-type", b""), get(b"content-length", b""),
        get(b"content-encoding", b""), get(b"transfer-encoding", b""), get(b"x-request-id", b""),
        get(b"authorization", b""), get(b"x-request-deadline-ms", b""),
    )  # fmt: skip


def accepted_id(head: Head) -> str | None:
    """The client's own request id, if it is one we can repeat safely."""
    return head.request_id.decode() if head.request_id and _ID.fullmatch(head.request_id) else None


def seconds_left(head: Head) -> float:
    """How long the client will wait, as it says; raises WenluError `bad_http`."""
    if not _MILLISECONDS.fullmatch(head.deadline_ms):
        raise WenluError("bad_http", "The header X-Request-Deadline-Ms is no whole number of milliseconds.")
    return int(head.deadline_ms) / 1_000


class Hosts:
    """The names this service answers to. A page that rebinds its own name to our address is refused by its Host; it
    has no key, so where keys are wanted any name will do."""

    def __init__(self, names: Collection[str], *, any_name: bool = False) -> None:
        self._any = any_name
        self._names = frozenset(name.lower().strip("[]") for name in names)
        self._good: set[bytes] = set()

    def check(self, head: Head) -> None:
        """Raises WenluError: `bad_host`, `host_not_allowed`, `foreign_origin`."""
        if head.host not in self._good:
            self._check_host(head.host)
        # A browser names the page that asks. Only our own pages may: one from elsewhere could use a service that
        # listens on its visitor's machine.
        if head.origin and head.origin not in (b"http://" + head.host, b"https://" + head.host):
            raise WenluError(
                "foreign_origin",
                "A page of another origin may not use this service.",
                hint="Call it from a program, or through a server of your own.",
            )

    def _check_host(self, host: bytes) -> None:
        match = _HOST.fullmatch(host)
        if match is None:
            raise WenluError("bad_host", "The header Host is missing or not a host name.")
        if not self._any and match[1].decode().lower().strip("[]") not in self._names:
            raise WenluError(
                "host_not_allowed",
                "This service does not answer to that host name.",
                hint="Ask the address it printed at its start, or allow the name there.",
            )
        if len(self._good) < _MOST_REMEMBERED:
            self._good.add(host)
