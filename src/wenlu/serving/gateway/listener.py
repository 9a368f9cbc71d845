"""A socket on which an app answers, and how it is closed without losing an answer."""

from __future__ import annotations

import asyncio
import socket
from email.utils import formatdate
from typing import Any

import uvicorn
from uvicorn.server import ServerState

from wenlu.serving.gateway.protocol import protocol_with
from wenlu.serving.limits import Limits

_BACKLOG = 1_024


class Listener:
    """uvicorn's HTTP over a socket of ours. (Its `Server` brings signals, ticks and logs that we do ourselves.)"""

    def __init__(self, app: Any, limits: Limits) -> None:
        self._config = uvicorn.Config(
            app,
            http=protocol_with(limits),
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            log_level="error",  # it warns of every request that is not HTTP; the client is told, and counters know
            access_log=False,
            proxy_headers=False,  # whose headers to believe is the business of a proxy in front
            server_header=False,
            timeout_keep_alive=int(limits.idle_seconds),
        )
        self._config.load()
        self._state = ServerState()
        self._server: asyncio.Server | None = None
        self._clock: asyncio.TimerHandle | None = None

    async def open(self, door: socket.socket) -> None:
        """Answer on `door`, a bound socket."""
        loop = asyncio.get_running_loop()
        self._set_date(loop)
        connect = loop.create_unix_server if door.family == socket.AF_UNIX else loop.create_server
        self._server = await connect(lambda: self._connection(loop), sock=door, backlog=_BACKLOG)

    def stop_listening(self) -> None:
        """Take no new connections, and close each after what it is answering now."""
        if self._server is not None:
            self._server.close()
        for connection in list(self._state.connections):
            connection.shutdown()

    async def close(self, *, within: float) -> None:
        """Let running requests end, for `within` seconds at most; then cut them off."""
        self.stop_listening()
        if self._state.tasks:
            await asyncio.wait(list(self._state.tasks), timeout=within)
        for task in list(self._state.tasks):
            task.cancel()
        for connection in list(self._state.connections):
            if connection.transport is not None:
                connection.transport.close()
        if self._clock is not None:
            self._clock.cancel()

    def _connection(self, loop: asyncio.AbstractEventLoop) -> asyncio.Protocol:
        kind: Any = self._config.http_protocol_class
        protocol: asyncio.Protocol = kind(self._config, self._state, {}, loop)
        return protocol

    def _set_date(self, loop: asyncio.AbstractEventLoop) -> None:
        self._state.default_headers = [(b"date", formatdate(usegmt=True).encode())]
        self._clock = loop.call_later(1.0, self._set_date, loop)
