"""A run's own record: its state in `run.json`, and everything it told in `journal.jsonl`."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from wenlu.base.errors import WenluError
from wenlu.base.events import Events
from wenlu.storage.local import write_atomic

_BETWEEN_PROGRESS = 1.0


class Journal:
    """Events that are written down before they are passed on.

    The state is running, succeeded or failed; a run whose process is gone and that still says running was killed.
    """

    def __init__(self, folder: Path, events: Events) -> None:
        self._folder = folder
        self._events = events
        self._file = (folder / "journal.jsonl").open("ab", buffering=0)
        self._begun = _now()
        self._last_progress = self._last_measured = 0.0
        self._outcome: Mapping[str, Any] = {}

    def __enter__(self) -> Self:
        self._state("running")
        return self

    def finish(self, outcome: Mapping[str, Any]) -> None:
        """Say what the run leaves."""
        self._outcome = outcome

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        if error is None:
            self._state("succeeded", **self._outcome)
        elif isinstance(error, KeyboardInterrupt):
            self._state("cancelled")
        else:
            code = error.code if isinstance(error, WenluError) else type(error).__name__
            with suppress(OSError):  # a full disk, most likely: that error is on its way already
                self._state("failed", code=code, message=str(error))

    def stage(self, name: str, *, reused: bool) -> None:
        self._write({"event": "stage", "name": name, "reused": reused})
        self._events.stage(name, reused=reused)

    def progress(self, done: int, total: int | None, note: str = "") -> None:
        if time.monotonic() - self._last_progress >= _BETWEEN_PROGRESS:
            self._last_progress = time.monotonic()
            self._write({"event": "progress", "done": done, "total": total, "note": note})
        self._events.progress(done, total, note)

    def measured(self, step: int, values: Mapping[str, float]) -> None:
        if time.monotonic() - self._last_measured >= _BETWEEN_PROGRESS or any("validation" in name for name in values):
            self._last_measured = time.monotonic()
            self._write({"event": "measured", "step": step, "values": values})
        self._events.measured(step, values)

    def wrote(self, step: int, prompt: str, text: str) -> None:
        self._write({"event": "wrote", "step": step, "prompt": prompt, "text": text})
        self._events.wrote(step, prompt, text)

    def result(self, line: str) -> None:
        self._write({"event": "result", "line": line})
        self._events.result(line)

    def _write(self, event: dict[str, Any]) -> None:
        self._file.write(msgspec.json.encode({"at": _now(), **event}) + b"\n")

    def _state(self, state: str, **more: Any) -> None:
        record = {"state": state, "process": os.getpid(), "begun": self._begun, "at": _now(), **more}
        write_atomic(self._folder / "run.json", msgspec.json.format(msgspec.json.encode(record)))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
