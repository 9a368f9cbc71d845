"""A stage: work whose result is kept, and not done again while nothing it depends on has changed.

Its fingerprint is a digest of its inputs, its settings and the source code of the packages it runs on. A finished
stage is a folder that appeared whole; a killed one leaves only `.partial-…` and its work folder, from which a long
stage (training) goes on.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import msgspec

from wenlu.base.events import Events
from wenlu.storage.local import atomic_folder, locked, sweep_partial, write_atomic
from wenlu.storage.workspace import Workspace

_RECORD = "stage.json"
_WORK = ".work-"


class Record(msgspec.Struct, frozen=True):
    """What a finished stage says of itself: its result, and the lines it told the user."""

    name: str
    fingerprint: str
    seconds: float
    result: dict[str, Any]
    lines: list[str]


@dataclass(frozen=True, slots=True)
class Finished:
    """A stage's folder and result."""

    folder: Path
    result: dict[str, Any]
    seconds: float
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Stage:
    """The name of a stage, what it depends on, and what makes it.

    `make(folder, work, events)` fills `folder` and returns a result that JSON can hold; `work` outlives a kill.
    `packages` are the packages of wenlu whose code decides the result. `ways` are how it is made (by how many
    processes): another way is another result, up to rounding, and goes on with the work of this one.
    `still_there(result)` says if what the stage made outside its folder still exists.
    """

    name: str
    inputs: Mapping[str, Any]
    packages: tuple[str, ...]
    make: Callable[[Path, Path, Events], dict[str, Any]]
    still_there: Callable[[dict[str, Any]], bool] = lambda result: True
    ways: Mapping[str, Any] = field(default_factory=dict)

    def fingerprint(self) -> str:
        return _digest({**self._parts(), "ways": self.ways})

    def work_fingerprint(self) -> str:
        """Of what was done so far, whichever way it is gone on with."""
        return _digest(self._parts())

    def _parts(self) -> dict[str, Any]:
        code = {name: code_digest(name) for name in self.packages}
        return {"name": self.name, "inputs": self.inputs, "code": code}


def run_stage(stage: Stage, workspace: Workspace, events: Events) -> Finished:
    """The stage's result: the one kept from before if there is one, made now otherwise."""
    fingerprint = stage.fingerprint()
    folder = workspace.stages / f"{stage.name.replace(' ', '-')}-{fingerprint}"
    with locked(workspace.stages / f".lock-{stage.work_fingerprint()}"):
        record = _read(folder)
        if record is not None and stage.still_there(record.result):
            events.stage(stage.name, reused=True)
            for line in record.lines:
                events.result(line)
        else:
            shutil.rmtree(folder, ignore_errors=True)
            record = _made(stage, fingerprint, folder, workspace, events)
    return Finished(folder, record.result, record.seconds, fingerprint)


def _made(stage: Stage, fingerprint: str, folder: Path, workspace: Workspace, events: Events) -> Record:
    sweep_partial(workspace.stages)
    work = work_folder(stage, workspace)
    heard = _Heard(events)
    started = time.monotonic()
    events.stage(stage.name, reused=False)
    with atomic_folder(folder) as partial:
        result = stage.make(partial, work, heard)
        record = Record(stage.name, fingerprint, time.monotonic() - started, result, heard.lines)
        write_atomic(partial / _RECORD, msgspec.json.format(msgspec.json.encode(record)))
    shutil.rmtree(work, ignore_errors=True)
    return record


def work_folder(stage: Stage, workspace: Workspace) -> Path:
    """What outlives a kill of a stage that is not finished; whoever gives it up for good removes it."""
    return workspace.stages / f"{_WORK}{stage.work_fingerprint()}"


def _digest(parts: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:16]


def _read(folder: Path) -> Record | None:
    try:
        return msgspec.json.decode((folder / _RECORD).read_bytes(), type=Record)
    except FileNotFoundError:
        return None


def code_digest(package: str) -> str:
    """Digest of the source of one package of wenlu, subpackages included, or of one module (`text.pipeline`)."""
    *above, last = package.split(".")
    folder: Traversable = files("wenlu")
    for part in above:
        folder = folder / part
    module = folder / f"{last}.py"
    sources = [(package, module.read_bytes())] if module.is_file() else _sources(folder / last, package)
    digest = hashlib.sha256()
    for path, content in sorted(sources):
        digest.update(path.encode() + b"\0" + hashlib.sha256(content).digest())
    return digest.hexdigest()


def _sources(folder: Traversable, path: str) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _sources(entry, f"{path}/{entry.name}")
        elif entry.name.endswith(".py"):
            found.append((f"{path}/{entry.name}", entry.read_bytes()))
    return found


class _Heard:
    """Events that also keeps the lines, so that a reused stage can say them again."""

    def __init__(self, events: Events) -> None:
        self._events = events
        self.lines: list[str] = []

    def stage(self, name: str, *, reused: bool) -> None:
        self._events.stage(name, reused=reused)

    def progress(self, done: int, total: int | None, note: str = "") -> None:
        self._events.progress(done, total, note)

    def measured(self, step: int, values: Mapping[str, float]) -> None:
        self._events.measured(step, values)

    def wrote(self, step: int, prompt: str, text: str) -> None:
        self._events.wrote(step, prompt, text)

    def result(self, line: str) -> None:
        self.lines.append(line)
        self._events.result(line)
