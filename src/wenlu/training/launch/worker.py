"""What every process of a launched training runs: `python -m wenlu.training.launch.worker FUNCTION JOB`.

An error for the user is left beside the job, where the launcher's side looks. Whatever else goes wrong ends the
process, and is for the launcher to see: it starts all of them again.
"""

from __future__ import annotations

import importlib
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from wenlu.base.errors import WenluError
from wenlu.storage.local import write_atomic

RESTARTS = 3
_LOOKS = 0.2  # seconds between looks at who started us


@dataclass(frozen=True, slots=True)
class Launched:
    """`function` is "package.module:name" and takes the path `job`, a file that all processes see."""

    function: str
    job: Path

    @property
    def refusal(self) -> Path:
        """Where an error for the user lies, if there is one."""
        return self.job.with_name("error.json")

    def log(self, rank: int) -> Path:
        """Where all lies that a process printed, whoever reads that."""
        return self.job.with_name(f"log-{rank}.txt")

    def raise_refusal(self) -> None:
        """Raises the WenluError that a process has left."""
        if self.refusal.exists():
            raise WenluError(**msgspec.json.decode(self.refusal.read_bytes(), type=dict[str, str]))


def do(launched: Launched) -> None:
    """This process's part. One that is started again after an error for the user has nothing to do."""
    if launched.refusal.exists():
        return
    if not launched.job.exists():
        raise WenluError(
            "not_shared",
            f"{launched.job.parent} is not seen by every node.",
            hint="Put --root (or WENLU_ROOT) on storage that all nodes have at the same path.",
        )
    module, _, name = launched.function.partition(":")
    function: Callable[[Path], None] = getattr(importlib.import_module(module), name)
    try:
        function(launched.job)
    except WenluError as error:
        said = {"code": error.code, "message": error.message, "hint": error.hint}
        write_atomic(launched.refusal, msgspec.json.encode(said))
        raise


def end_with_parent() -> None:
    """End this process as soon as the one that started it is gone: nobody would hear what it finds."""
    parent = os.getppid()

    def look() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOKS)
        os._exit(1)

    threading.Thread(target=look, daemon=True).start()


def print_to(log: Path) -> None:
    """Whatever this process prints, and libraries in it, stands at the end of `log`."""
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(file, 1)
    os.dup2(file, 2)
    os.close(file)


if __name__ == "__main__":
    end_with_parent()
    launched = Launched(sys.argv[1], Path(sys.argv[2]))
    print_to(launched.log(int(os.environ["RANK"])))
    try:
        do(launched)
    except BaseException as error:  # the edge of a process; at once, since a farewell would wait for the others
        if not isinstance(error, WenluError):
            traceback.print_exc()
        os._exit(1)
