"""The Ray cluster at an address."""

from __future__ import annotations

import logging
import socket
from typing import Any

from wenlu.base.errors import WenluError, missing_package

_PATIENCE = 5


def connected(address: str) -> Any:
    """The module `ray`, connected to `ray://HOST:10001`, `HOST:6379` or `auto`; who asked says `shutdown()` to it.

    Raises WenluError: `missing_package`, `no_cluster`.
    """
    try:
        import ray  # belongs to an optional extra
    except ImportError:
        raise missing_package("ray", extra="ray") from None
    try:
        _knock(address)
        ray.init(address=address, logging_level=logging.ERROR, log_to_driver=False)
    except (ConnectionError, ValueError, RuntimeError, OSError) as error:
        raise WenluError(
            "no_cluster",
            f"No Ray cluster answers at {address}: {str(error).splitlines()[0]}",
            hint="Start one: ray start --head. Give its address: HOST:6379, ray://HOST:10001, or auto.",
        ) from None
    return ray


def _knock(address: str) -> None:
    """See if anybody listens there: Ray itself tries for minutes."""
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if colon and port.isdigit():
        socket.create_connection((host, int(port)), timeout=_PATIENCE).close()
