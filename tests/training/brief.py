"""What a launched process does in tests of launching alone. It imports no torch, so it takes a moment."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from wenlu.base.errors import WenluError


def dies(job: Path) -> None:
    """Every process ends as by the kernel."""
    os.kill(os.getpid(), signal.SIGKILL)


def refuses(job: Path) -> None:
    """The second process finds something to tell the user; it counts how often it was asked."""
    if os.environ["RANK"] == "1":
        with job.with_name("asked").open("a") as file:
            file.write("x")
        raise WenluError("no_good", "This is no good.", hint="Do better.")
    signal.pause()  # as one that waits for the others


def fails(job: Path) -> None:
    raise ValueError("a mistake of ours")


def writes(job: Path) -> None:
    """Every process leaves what it knows of the others."""
    known = {name: os.environ[name] for name in ("RANK", "WORLD_SIZE", "MASTER_ADDR")}
    job.with_name(f"known-{known['RANK']}").write_text(repr(known))


def loses_one_once(job: Path) -> None:
    """The first time the second process dies; all are started again."""
    mark = job.with_name("died")
    if os.environ["RANK"] == "1" and not mark.exists():
        mark.touch()
        dies(job)
    while not mark.exists():
        pass
    writes(job)


def waits(job: Path) -> None:
    """Every process says who it is, and waits."""
    job.with_name(f"process-{os.environ['RANK']}").write_text(str(os.getpid()))
    signal.pause()
