"""The parity gate: a service opens only after it has given the recorded answers again, over real HTTP.

The very app that will serve is put on a private Unix socket and asked every golden text, so that all of the way is
tried: JSON, limits, line, batch, text pipeline, runtime, JSON again.
"""

from __future__ import annotations

import asyncio
import http.client
import os
import socket
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from wenlu.base.errors import WenluError
from wenlu.bundle.parity import Golden, differences, explain, read_golden
from wenlu.bundle.seal import Bundle
from wenlu.serving.gateway.app import App
from wenlu.serving.gateway.listener import Listener

_SHOWN = 3


class _Output(msgspec.Struct):
    """What the gate reads of an answer: the probability of each label, or the value."""

    scores: dict[str, float] = {}
    value: float | None = None

    @property
    def numbers(self) -> dict[str, float]:
        return self.scores if self.value is None else {"value": self.value}


class _Answer(msgspec.Struct):
    outputs: list[_Output]


async def pass_gate(bundle: Bundle, app: App) -> int:
    """The number of recorded answers that `app` gave again.

    Raises WenluError: `no_golden` if the bundle records none, `parity_failed` with the first that differ and why.
    """
    rows = read_golden(bundle)
    with tempfile.TemporaryDirectory(prefix="wenlu-") as folder:  # nobody else may enter it
        path = Path(folder) / "gate"
        listener = Listener(app, app.limits)
        await listener.open(_private_socket(path))
        try:
            answers = await asyncio.to_thread(_ask_all, path, rows, together=app.limits.texts)
        finally:
            await listener.close(within=1.0)
    _refuse_differences(bundle, rows, answers)
    return len(rows)


def _refuse_differences(bundle: Bundle, rows: Sequence[Golden], answers: Sequence[Mapping[str, float]]) -> None:
    found = differences(rows, answers, tolerance=bundle.manifest.tolerance)
    if found:
        more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        raise WenluError(
            "parity_failed",
            f"{bundle.title} does not answer as it was trained: {len(found)} of {len(rows)} recorded answers differ "
            f"by more than {bundle.manifest.tolerance:g}: {'; '.join(found[:_SHOWN])}{more}.",
            hint=explain(bundle, rows),
        )


def _private_socket(path: Path) -> socket.socket:
    door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    door.bind(str(path))
    os.chmod(path, 0o600)
    return door


def _ask_all(path: Path, rows: Sequence[Golden], *, together: int) -> list[dict[str, float]]:
    connection = _UnixConnection(path)
    try:
        chunks = [rows[start : start + together] for start in range(0, len(rows), together)]
        return [scores for chunk in chunks for scores in _ask(connection, [row.text for row in chunk])]
    finally:
        connection.close()


def _ask(connection: http.client.HTTPConnection, texts: Sequence[str]) -> list[dict[str, float]]:
    body = msgspec.json.encode({"inputs": texts})
    connection.request("POST", "/v1/predict", body, {"content-type": "application/json"})
    reply = connection.getresponse()
    content = reply.read()
    if reply.status != 200:
        raise WenluError(
            "parity_failed",
            f"The service refused recorded texts with status {reply.status}.",
            hint=content.decode(errors="replace")[:500],
        )
    return [output.numbers for output in msgspec.json.decode(content, type=_Answer).outputs]


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket; the header Host says localhost."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=60)
        self._path = str(path)

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)
