"""Events of a job in another process, through a file of JSON lines that both see."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from wenlu.base.events import Events

_LOOKS = 0.1  # seconds between looks at the file
_BETWEEN_PROGRESS = 0.2


class Written:
    """Events that are lines at the end of a file. A line is written at once, so a kill leaves at most one half."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)
        self._last_progress = 0.0
        self._file.write(b"\n")  # ends what a killed writer began

    def close(self) -> None:
        self._file.close()

    def stage(self, name: str, *, reused: bool) -> None:
        self._write("stage", name=name, reused=reused)

    def progress(self, done: int, total: int | None, note: str = "") -> None:
        if time.monotonic() - self._last_progress >= _BETWEEN_PROGRESS or done == total:
            self._last_progress = time.monotonic()
            self._write("progress", done=done, total=total, note=note)

    def measured(self, step: int, values: Mapping[str, float]) -> None:
        self._write("measured", step=step, values=dict(values))

    def wrote(self, step: int, prompt: str, text: str) -> None:
        self._write("wrote", step=step, prompt=prompt, text=text)

    def result(self, line: str) -> None:
        self._write("result", line=line)

    def _write(self, event: str, **what: object) -> None:
        self._file.write(json.dumps([event, what], ensure_ascii=False).encode() + b"\n")


@contextmanager
def followed(path: Path, events: Events) -> Iterator[None]:
    """Until the block ends, `events` hears what is written to `path`, which begins empty."""
    path.write_bytes(b"")
    over = threading.Event()
    thread = threading.Thread(target=_follow, args=(path, events, over), daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _follow(path: Path, events: Events, over: threading.Event) -> None:
    with path.open("rb") as file:
        rest = b""
        last = False
        while not last:
            last = over.wait(_LOOKS)
            *lines, rest = (rest + file.read()).split(b"\n")
            for line in filter(None, lines):
                with suppress(ValueError):  # half a line, of a writer that was killed
                    event, what = json.loads(line)
                    getattr(events, event)(**what)
