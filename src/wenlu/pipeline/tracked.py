"""Events that are shown by trackers too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from wenlu.base.events import Events
from wenlu.pipeline.trackers import TRACKERS, Tracker
from wenlu.storage.workspace import Workspace


class Tracked:
    """Passes every event on, and what is measured and written to the trackers too."""

    def __init__(self, events: Events, trackers: Sequence[Tracker]) -> None:
        self._events, self._trackers = events, trackers
        self._stage = ""

    @classmethod
    def by(
        cls, names: Sequence[str], events: Events, workspace: Workspace, *, run: str, settings: Any, name: str
    ) -> Self:
        """With the trackers of these rows; raises WenluError where one can't work."""
        flat = dict(_flat(settings))
        folder = workspace.runs / run
        return cls(events, [TRACKERS[one](folder, name=name, run=run, settings=flat) for one in names])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for tracker in self._trackers:
            tracker.close(succeeded=error is None)

    def stage(self, name: str, *, reused: bool) -> None:
        self._stage = name.replace(" ", "-")
        self._events.stage(name, reused=reused)

    def progress(self, done: int, total: int | None, note: str = "") -> None:
        self._events.progress(done, total, note)

    def measured(self, step: int, values: Mapping[str, float]) -> None:
        for tracker in self._trackers:
            tracker.measured(self._stage, step, values)
        self._events.measured(step, values)

    def wrote(self, step: int, prompt: str, text: str) -> None:
        for tracker in self._trackers:
            tracker.wrote(self._stage, step, prompt, text)
        self._events.wrote(step, prompt, text)

    def result(self, line: str) -> None:
        self._events.result(line)


def _flat(settings: Any, path: str = "") -> list[tuple[str, str]]:
    """Dotted names and values of nested settings."""
    if isinstance(settings, Mapping):
        return [
            entry for key, value in settings.items() for entry in _flat(value, f"{path}.{key}" if path else str(key))
        ]
    return [(path, str(settings))]
