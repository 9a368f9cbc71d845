"""Processes on this machine, by torch's elastic launcher."""

from __future__ import annotations

import logging
import os
import secrets
import signal
import socket
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from torch.distributed import TCPStore
from torch.distributed.elastic.multiprocessing import DefaultLogsSpecs, SignalException
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError, ProcessFailure
from torch.distributed.elastic.rendezvous import (
    RendezvousHandler,
    RendezvousInfo,
    RendezvousParameters,
    RendezvousStoreInfo,
    rendezvous_handler_registry,
)
from torch.distributed.launcher.api import LaunchConfig, elastic_launch

from wenlu.base.errors import WenluError
from wenlu.training.launch.worker import RESTARTS, Launched

_LOOPBACK = "127.0.0.1"
_MEETING = "wenlu-loopback"
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)


def launch(launched: Launched, *, processes: int, device: str, address: str | None = None) -> None:
    """Raises WenluError: what a process raised, or `workers_died`; KeyboardInterrupt if stopped from the keyboard."""
    rendezvous_handler_registry.register(_MEETING, _Loopback)
    config = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=processes,
        run_id=secrets.token_hex(4),
        rdzv_backend=_MEETING,
        max_restarts=RESTARTS,
        logs_specs=DefaultLogsSpecs(log_dir=os.devnull),  # each process keeps its own
        shutdown_timeout=5,
    )
    with _speechless(), _signals_given_back(), _gloo_on_loopback():
        try:
            worker = elastic_launch(config, sys.executable)
            worker("-m", "wenlu.training.launch.worker", launched.function, str(launched.job))
        except ChildFailedError as error:
            launched.raise_refusal()
            raise _given_up(error.failures, launched) from None
        except SignalException as error:
            raise KeyboardInterrupt if error.sigval == signal.SIGINT else SystemExit(128 + error.sigval) from None
    launched.raise_refusal()


class _Loopback(RendezvousHandler):
    """Where processes of one machine meet: a store that listens on the loopback alone, a new one for every start.

    Torch's own ways of meeting listen on all addresses, and one of them takes pickles from whoever connects.
    """

    def __init__(self, parameters: RendezvousParameters) -> None:
        self._run = parameters.run_id
        self._store: TCPStore | None = None

    def get_backend(self) -> str:
        return _MEETING

    @property
    def use_agent_store(self) -> bool:
        return True

    def next_rendezvous(self) -> RendezvousInfo:
        listening = socket.create_server((_LOOPBACK, 0))
        port = listening.getsockname()[1]
        self._store = TCPStore(
            _LOOPBACK, port, is_master=True, wait_for_workers=False, master_listen_fd=listening.detach()
        )
        return RendezvousInfo(self._store, 0, 1, RendezvousStoreInfo(_LOOPBACK, port))

    def is_closed(self) -> bool:
        return False

    def set_closed(self) -> None:
        pass

    def num_nodes_waiting(self) -> int:
        return 0

    def get_run_id(self) -> str:
        return self._run

    def shutdown(self) -> bool:
        return True


def _given_up(failures: Mapping[int, ProcessFailure], launched: Launched) -> WenluError:
    """The first that ended by itself tells why. Those that lost it fail too, or are asked to end by SIGTERM."""

    def order(one: tuple[int, ProcessFailure]) -> tuple[bool, bool, int]:
        return one[1].exitcode == -signal.SIGTERM, one[1].exitcode >= 0, one[1].timestamp

    rank, first = min(failures.items(), key=order)
    log = launched.log(rank)
    said = log.read_text(encoding="utf-8", errors="replace").strip().rpartition("\n")[2] if log.exists() else ""
    how = f"by signal {-first.exitcode}" if first.exitcode < 0 else f"with: {said or first.exitcode}"
    return WenluError(
        "workers_died",
        f"Process {rank} of the training ended {how}; all were started again {RESTARTS} times.",
        hint=f"Perhaps memory ran out. {log} has all it said. The same command goes on from the last checkpoint.",
    )


@contextmanager
def _speechless() -> Iterator[None]:
    """The launcher's own log is for those who look after clusters; what a user must know is raised."""
    loggers = [
        logger for name, logger in logging.root.manager.loggerDict.items() if name.startswith("torch.distributed")
    ]
    found = [logger for logger in loggers if isinstance(logger, logging.Logger) and not logger.disabled]
    for logger in found:
        logger.disabled = True
    try:
        yield
    finally:
        for logger in found:
            logger.disabled = False


@contextmanager
def _signals_given_back() -> Iterator[None]:
    """The launcher takes signals to end its processes, and keeps them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {one: signal.getsignal(one) for one in _SIGNALS}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


@contextmanager
def _gloo_on_loopback() -> Iterator[None]:
    """Tensors travel inside the machine: no other one can reach the ports they travel by."""
    loopback = next((name for _, name in socket.if_nameindex() if name.startswith("lo")), None)
    if loopback is None or "GLOO_SOCKET_IFNAME" in os.environ:
        yield
        return
    os.environ["GLOO_SOCKET_IFNAME"] = loopback
    try:
        yield
    finally:
        del os.environ["GLOO_SOCKET_IFNAME"]
