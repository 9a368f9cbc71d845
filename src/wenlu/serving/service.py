"""One bundle online: bind, load, pass the gate, answer until told to stop, drain."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Collection, Coroutine, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from wenlu.base.errors import WenluError
from wenlu.bundle.predict import Predictor
from wenlu.bundle.seal import Bundle, open_bundle
from wenlu.serving.batching import Batcher
from wenlu.serving.cache.disk import Disk
from wenlu.serving.cache.opening import cached, opened
from wenlu.serving.cache.settings import CacheSettings
from wenlu.serving.flow.guard import Guard
from wenlu.serving.flow.keys import KeyFolder, KeyRing
from wenlu.serving.gate import pass_gate
from wenlu.serving.gateway.app import App
from wenlu.serving.gateway.heads import LOOPBACK_NAMES, Hosts
from wenlu.serving.gateway.listener import Listener
from wenlu.serving.gateway.model import Model
from wenlu.serving.limits import Limits
from wenlu.serving.metrics import Metrics
from wenlu.serving.runtimes import RUNTIMES

_log = logging.getLogger("wenlu.serving")

OnReady = Callable[[str], None]


def serve(
    bundle_folder: Path,
    *,
    host: str = "127.0.0.1",
    port: int = 5000,
    on_ready: OnReady | None = None,
    allow_hosts: Sequence[str] = (),
    limits: Limits | None = None,
    cache: CacheSettings | None = None,
    keys: KeyFolder | None = None,
) -> None:
    """Answer for the bundle in `bundle_folder` until SIGINT or SIGTERM, then finish what was begun.

    `on_ready` hears the address once the gate has passed. `allow_hosts` are further names in the header Host that are
    answered, for a proxy in front. With `keys`, who asks needs one of them, and any Host is answered. Raises
    WenluError: `keys_needed` for an address that others can reach and no `keys`, `no_keys` where none of them is good,
    `port_in_use`, all that opening a bundle raises, `no_golden`, `parity_failed`.
    """
    _log_as_json()
    ring = None if keys is None else _some(KeyRing(keys))
    with bound(host, port, open_to_others=ring is not None) as door:
        # Bytes first, loop later: what is wrong with a bundle is said before anything runs.
        bundle = open_bundle(bundle_folder)
        if bundle.manifest.task == "generate":
            raise WenluError(
                "not_served",
                f"{bundle.title} is a language model, which this version does not serve.",
                hint="wenlu predict MODEL TEXT writes on; wenlu model export --to hf opens it in other servers.",
            )
        if bundle.manifest.task == "seq2seq":
            raise WenluError(
                "not_served",
                f"{bundle.title} is a model from text to text, which this version does not serve.",
                hint="wenlu predict MODEL TEXT answers.",
            )
        settings = cache or CacheSettings()
        with closing(Predictor(bundle, RUNTIMES["onnx"](bundle))) as predictor, opened(settings) as (salt, disk):
            served = _Served(bundle, predictor, limits or Limits(), settings, salt, disk, ring)
            with asyncio.Runner(loop_factory=_loop_factory()) as runner:
                runner.run(_answer(served, door, names={*LOOPBACK_NAMES, host, *allow_hosts}, on_ready=on_ready))


@dataclass(frozen=True, slots=True)
class _Served:
    """What a service is made of."""

    bundle: Bundle
    predictor: Predictor
    limits: Limits
    cache: CacheSettings
    salt: bytes
    disk: Disk | None
    ring: KeyRing | None


async def _answer(served: _Served, door: socket.socket, *, names: Collection[str], on_ready: OnReady | None) -> None:
    stop, hurry = _stop_signals()
    limits = served.limits
    app, batcher = _gateway(served, names=names)
    listener = Listener(app, limits)
    await listener.open(door)  # /livez answers from here on, /readyz says what is missing
    try:
        await _prove(served)
        app.obstacle = ""
        if on_ready is not None:
            on_ready(address_of(door))
        await stop.wait()
        app.obstacle = "It is shutting down."
    finally:
        listener.stop_listening()
        await _unless(hurry, listener.close(within=limits.drain_seconds))
        await batcher.close(within=0.0 if hurry.is_set() else 1.0)


async def _prove(served: _Served) -> None:
    """Pass the gate with an app made as the public one, whose counters nobody will see. It takes no answer that was
    given before."""
    app, batcher = _gateway(replace(served, cache=CacheSettings(memory=0), disk=None, ring=None), names=LOOPBACK_NAMES)
    app.obstacle = ""
    try:
        proven = await pass_gate(served.bundle, app)
    finally:
        await batcher.close(within=served.limits.request_seconds)
    _log.info("%s gave %d recorded answers again", served.bundle.title, proven)


def _gateway(served: _Served, *, names: Collection[str]) -> tuple[App, Batcher]:
    metrics, limits, manifest = Metrics(), served.limits, served.bundle.manifest
    metrics.name_model(name=manifest.name, version=manifest.version, architecture=manifest.architecture.name)
    predict = served.predictor.predict
    batcher = Batcher(predict, metrics, batch_texts=limits.batch_texts, waiting_texts=limits.waiting_texts)
    asks = cached(batcher, served.bundle, metrics, settings=served.cache, salt=served.salt, disk=served.disk)
    guard = None if served.ring is None else Guard(served.ring, model=manifest.name)
    hosts = Hosts(names, any_name=guard is not None)
    return App(Model.of(manifest), asks, metrics, hosts=hosts, limits=limits, guard=guard), batcher


def _some(ring: KeyRing) -> KeyRing:
    """Raises WenluError `no_keys` where nobody could come in."""
    if not len(ring):
        raise WenluError("no_keys", "There is no key that is good.", hint="Make one with: wenlu key new NAME")
    return ring


@contextlib.contextmanager
def serving(bundle_folder: Path, *options: str, within: float = 60.0) -> Iterator[str]:
    """The address of a service in a process of its own, on any free port; it ends with the block.

    `options` are those of `python -m wenlu.serving`.

    Raises WenluError `not_started` with what the process said if it is not ready `within` seconds.
    """
    command = [sys.executable, "-m", "wenlu.serving", str(bundle_folder), "--port", "0", *options]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        alarm = threading.Timer(within, process.kill)
        alarm.start()
        try:
            if process.stdout is None or not (address := process.stdout.readline().strip()):
                said = process.stderr.read().strip() if process.stderr else ""
                raise WenluError("not_started", f"The service did not start. {said}")
            alarm.cancel()
            yield address
        finally:
            alarm.cancel()
            _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.communicate(timeout=Limits().drain_seconds + 5)
    except subprocess.TimeoutExpired:
        process.kill()


def bound(host: str, port: int, *, open_to_others: bool = False) -> socket.socket:
    """A socket bound to an address, of loopback unless it is open to others.

    Raises WenluError `keys_needed`, `port_in_use`, `bad_address`.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError:
        raise WenluError("bad_address", f"'{host}' is not an address of this machine.") from None
    if not open_to_others and not ipaddress.ip_address(address[0]).is_loopback:
        raise WenluError(
            "keys_needed",
            f"'{host}' can be reached by other machines, so who asks needs a key.",
            hint="Make one with wenlu key new NAME, and serve with --keys.",
        )
    door = socket.socket(family, socket.SOCK_STREAM)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind(address)
        door.listen()
    except OSError as error:
        door.close()
        raise _not_bound(host, port, error) from None
    return door


def _not_bound(host: str, port: int, error: OSError) -> WenluError:
    if error.errno == errno.EADDRINUSE:
        return WenluError(
            "port_in_use",
            f"Port {port} of {host} is taken.",
            hint="Choose another with --port, or --port 0 for any free one.",
        )
    return WenluError("bad_address", f"{host}, port {port} can't be used: {error.strerror}.", hint="Try --port 5000.")


def address_of(door: socket.socket) -> str:
    host, port = door.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _stop_signals() -> tuple[asyncio.Event, asyncio.Event]:
    """Set by the first SIGINT or SIGTERM: stop; by the second: at once."""
    stop, hurry = asyncio.Event(), asyncio.Event()

    def heard() -> None:
        (hurry if stop.is_set() else stop).set()

    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, heard)
    return stop, hurry


async def _unless(event: asyncio.Event, work: Coroutine[Any, Any, None]) -> None:
    """Await `work`, or give it up when `event` happens."""
    tasks = {asyncio.ensure_future(work), asyncio.ensure_future(event.wait())}
    _, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:  # it does not exist for Windows
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


class _Json(logging.Formatter):
    """A log record as one line of JSON: time, level, what happened, and the fields handed in as `extra`."""

    _USUAL = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

    def format(self, record: logging.LogRecord) -> str:
        extra = {name: value for name, value in vars(record).items() if name not in self._USUAL}
        line = {"time": self.formatTime(record), "level": record.levelname, "event": record.getMessage(), **extra}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def _log_as_json() -> None:
    """Warnings and worse to standard error; `WENLU_LOG=info` adds a line a request. Texts are never logged."""
    for name in ("wenlu", "uvicorn"):
        logger = logging.getLogger(name)
        if not logger.handlers:
            handler = logging.StreamHandler()
            handler.setFormatter(_Json())
            logger.addHandler(handler)
    level = logging.getLevelNamesMapping().get(os.environ.get("WENLU_LOG", "").upper(), logging.WARNING)
    logging.getLogger("wenlu").setLevel(level)
