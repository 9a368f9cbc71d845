"""HTTP spoken by hand, so that tests can say what no client library would; and a door with a toy model behind it."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from wenlu.bundle.predict import Answer
from wenlu.serving.batching import Batcher, Predict
from wenlu.serving.gateway.app import App
from wenlu.serving.gateway.heads import LOOPBACK_NAMES, Hosts
from wenlu.serving.gateway.listener import Listener
from wenlu.serving.gateway.model import Model
from wenlu.serving.limits import Limits
from wenlu.serving.metrics import Metrics

BINARY = Model("toy", "v1", "classify", "bag", ["negative", "positive"], "positive", "2026-01-01", 1, {})


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        code: str = self.json["error"]["code"]
        return code


@dataclass(frozen=True)
class Door:
    port: int
    app: App
    batcher: Batcher
    listener: Listener


def by_size(texts: Sequence[str]) -> list[Answer]:
    """A toy model: the longer a text, the better."""
    return [
        Answer("positive", len(text) / 10, {"negative": 1 - len(text) / 10, "positive": len(text) / 10})
        for text in texts
    ]


@asynccontextmanager
async def opened(
    predict: Predict = by_size, *, model: Model = BINARY, limits: Limits | None = None
) -> AsyncIterator[Door]:
    """A ready app on a free port of this process."""
    limits = limits or Limits()
    metrics = Metrics()
    batcher = Batcher(predict, metrics, batch_texts=limits.batch_texts, waiting_texts=limits.waiting_texts)
    app = App(model, batcher, metrics, hosts=Hosts(LOOPBACK_NAMES), limits=limits)
    app.obstacle = ""
    listener = Listener(app, limits)
    with socket.create_server(("127.0.0.1", 0)) as door:
        await listener.open(door)
        try:
            yield Door(door.getsockname()[1], app, batcher, listener)
        finally:
            await listener.close(within=5)
            await batcher.close(within=5)


def request(
    path: str | bytes = "/v1/predict",
    body: bytes = b"",
    *,
    method: str = "",
    host: str = "localhost",
    kind: str = "application/json",
    headers: Sequence[str] = (),
) -> bytes:
    """The bytes of one request; POST if there is a body."""
    raw = path.encode() if isinstance(path, str) else path
    lines = [f"host: {host}"] if host else []
    if body:
        lines += [f"content-length: {len(body)}"] + ([f"content-type: {kind}"] if kind else [])
    verb = method or ("POST" if body else "GET")
    head = "".join(f"{line}\r\n" for line in [*lines, *headers])
    return verb.encode() + b" " + raw + b" HTTP/1.1\r\n" + head.encode() + b"\r\n" + body


def inputs(*texts: str) -> bytes:
    return json.dumps({"inputs": texts}, ensure_ascii=False).encode()


async def ask(port: int, data: bytes) -> Reply:
    """The reply to `data` on a connection of its own."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(data)
        return await read_reply(reader)
    finally:
        writer.close()


async def read_reply(reader: asyncio.StreamReader) -> Reply:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
    return Reply(int(head[0].split()[1]), headers, await reader.readexactly(int(headers["content-length"])))


def ask_service(address: str, data: bytes) -> Reply:
    """As `ask`, from outside of any event loop."""
    return asyncio.run(ask(int(address.rpartition(":")[2]), data))
