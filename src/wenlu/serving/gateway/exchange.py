"""A request as handlers see it, and what they give back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from wenlu.serving.flow.guard import Caller
from wenlu.serving.gateway.heads import Head, Header

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_JSON: tuple[Header, ...] = (
    (b"content-type", b"application/json"),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
)


@dataclass(frozen=True, slots=True)
class Response:
    """A whole answer."""

    status: int
    headers: tuple[Header, ...]
    body: bytes


@dataclass(slots=True, eq=False)
class Request:
    """One request: its id, ASGI's view of it, the headers that matter, and what its path's `{…}` stands for."""

    id: str
    scope: Scope
    receive: Receive
    head: Head = field(default_factory=Head)
    argument: bytes = b""
    whole: bool = False  # its body has arrived
    ends: float = 0.0  # when nobody wants the answer any more, by time.perf_counter
    caller: Caller | None = None  # who asks, where that is known


def json_response(body: bytes, *, status: int = 200, headers: tuple[Header, ...] = ()) -> Response:
    return Response(status, _JSON + headers if headers else _JSON, body)
