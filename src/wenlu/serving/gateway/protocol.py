"""uvicorn's HTTP protocol with the limits it lacks: size, number and time of headers, and clients that never end.

uvicorn with httptools takes headers of 20 MiB and 200,000 lines and keeps a connection that drips its headers open
for ever. Here a connection is closed that has not sent a whole head after `header_seconds`, that goes on sending a
body nobody wants, or that is one too many.
"""

from __future__ import annotations

import asyncio
import secrets
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from wenlu.base.errors import WenluError
from wenlu.serving.gateway.errors import error_response
from wenlu.serving.limits import Limits

# Where the gateway leaves the future it waits for, so that a lost connection can cancel it without a watching task.
WAITING = "wenlu.waiting"


def protocol_with(limits: Limits) -> type[asyncio.Protocol]:
    """The protocol class that keeps `limits`."""
    return type("LimitedProtocol", (_Limited,), {"limits": limits})


class _Limited(HttpToolsProtocol):
    limits: Limits

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._refusal: WenluError | None = None
        self._patience: asyncio.TimerHandle | None = None
        self._answering: RequestResponseCycle | None = None
        self._between = True  # no byte of the next request was seen yet
        self._in_head = True  # a head is being read; a new connection owes one from the start
        self._head_bytes = 0
        self._lines_bytes = 0
        self._unwanted = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self.limits.connections:
            self._refusal = WenluError("too_many_connections", "Too many connections are open.", hint="Try again.")
            self.send_400_response("")
            return
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._unwatch()
        answering = self._answering
        super().connection_lost(exc)
        if answering is not None and not answering.response_complete:
            answering.disconnected = True
            waiting = answering.scope.get(WAITING)
            if waiting is not None:
                waiting.cancel()  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        if self._between:  # even blank lines before a request begin it
            self._between = False
            self._in_head = True
        if self._in_head:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._in_head and not self.transport.is_closing():
            if self._head_bytes > self.limits.header_bytes:
                self._refuse_head()
            else:
                self._watch()

    def on_message_begin(self) -> None:
        self._between = False
        self._in_head = True
        self._lines_bytes = 0
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        self._lines_bytes += len(name) + len(value)
        if len(self.headers) >= self.limits.header_lines or self._lines_bytes > self.limits.header_bytes:
            self._refusal = _too_large(self.limits)
            raise self._refusal
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._head_bytes = 0
        self._unwanted = 0
        self._unwatch()
        if not self.url.startswith(b"/"):
            self._refusal = WenluError("bad_http", "The request line should name a path that begins with '/'.")
            raise self._refusal
        if len(self.url) + self._lines_bytes > self.limits.header_bytes:
            self._refusal = _too_large(self.limits)
            raise self._refusal
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if self.cycle is not None and self.cycle.response_complete:
            # Refused already. A client that is still sending reads the answer only if we go on listening for a while.
            self._unwanted += len(body)
            if self._unwanted > self.limits.body:
                self.transport.close()
            return
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._between = True
        self._unwatch()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self._between:
            self._watch()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._answering = cycle
        super()._start_asgi_task(cycle, app)

    def send_400_response(self, msg: str) -> None:
        """Answer what is not HTTP, or not within the limits, and close."""
        error, self._refusal = self._refusal or _not_http(), None
        response = error_response(error, request_id := secrets.token_hex(8))
        lines = [STATUS_LINE[response.status], b"connection: close\r\n", b"content-length: %d\r\n" % len(response.body)]
        lines.append(b"x-request-id: %s\r\n" % request_id.encode())
        lines += [name + b": " + value + b"\r\n" for name, value in response.headers]
        self.transport.write(b"".join([*lines, b"\r\n", response.body]))
        self.transport.close()

    def _refuse_head(self) -> None:
        self._refusal = _too_large(self.limits)
        self.send_400_response("")

    def _watch(self) -> None:
        if self._patience is None:
            self._patience = self.loop.call_later(self.limits.header_seconds, self._lose_patience)

    def _unwatch(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _lose_patience(self) -> None:
        self._patience = None
        if self.transport.is_closing():
            return
        if self._answering is not None and not self._answering.response_complete:
            self._watch()  # it sends the next request early; the one before is still being answered
        elif self._in_head:
            self._refusal = WenluError("slow_request", "The request did not arrive in time.")
            self.send_400_response("")
        else:
            self.transport.close()


def _too_large(limits: Limits) -> WenluError:
    return WenluError(
        "headers_too_large",
        f"The head of a request may have {limits.header_lines} lines and {limits.header_bytes:,} bytes.",
    )


def _not_http() -> WenluError:
    return WenluError(
        "bad_http",
        "This is not a valid HTTP request.",
        hint="Characters beyond ASCII in a path are percent-encoded as UTF-8.",
    )
