"""A training stage whose work several processes do: what they are told, and what comes back."""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from os import environ
from pathlib import Path
from typing import Any

from wenlu.base.crew import processors
from wenlu.base.events import Events, Silent
from wenlu.base.relay import Written, followed
from wenlu.base.spec import check
from wenlu.bundle.seal import open_bundle
from wenlu.corpus.version import DatasetVersion
from wenlu.pipeline.recipe import Contender
from wenlu.pipeline.stage import Finished
from wenlu.storage.local import locked, write_atomic
from wenlu.storage.workspace import Workspace
from wenlu.training.launch import LAUNCHERS
from wenlu.training.launch.worker import Launched
from wenlu.training.process import Process

_RESULT, _EVENTS = "result.json", "events.jsonl"


@dataclass(frozen=True, slots=True)
class Start:
    """A sealed model that a training begins with."""

    title: str
    folder: Path

    @classmethod
    def of(cls, folder: Path) -> Start:
        return cls(open_bundle(folder).title, folder.resolve())


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be trained. `folder` takes what comes of it, `work` outlives a kill. `pretrained` is the folder of a
    stage in which its backbone was trained before, `taught` that of one in which its teachers were asked."""

    contender: Contender
    tokenizer: Finished
    dataset: DatasetVersion
    aim: str
    folder: Path
    work: Path
    start: Start | None = None
    pretrained: Path | None = None
    taught: Path | None = None

    def write(self, path: Path) -> None:
        tokenizer = self.tokenizer
        data = {
            "contender": self.contender.model_dump(mode="json", exclude_unset=True),
            "tokenizer": [str(tokenizer.folder), tokenizer.result, tokenizer.seconds, tokenizer.fingerprint],
            "root": str(self.dataset.folder.parents[2]),
            "dataset": self.dataset.reference,
            "aim": self.aim,
            "folder": str(self.folder),
            "work": str(self.work),
            "start": str(self.start.folder) if self.start else None,
            "pretrained": str(self.pretrained) if self.pretrained else None,
            "taught": str(self.taught) if self.taught else None,
        }
        write_atomic(path, json.dumps(data, ensure_ascii=False).encode())

    @classmethod
    def read(cls, path: Path) -> Job:
        data = json.loads(path.read_bytes())
        folder, *tokenizer = data["tokenizer"]
        return cls(
            check(Contender, data["contender"], where=str(path)),
            Finished(Path(folder), *tokenizer),
            DatasetVersion.open(Workspace(Path(data["root"])), data["dataset"]),
            data["aim"],
            Path(data["folder"]),
            Path(data["work"]),
            Start.of(Path(data["start"])) if data["start"] else None,
            Path(data["pretrained"]) if data["pretrained"] else None,
            Path(data["taught"]) if data["taught"] else None,
        )


def do_together(job: Job, function: str, events: Events, *, cluster: str | None) -> dict[str, Any]:
    """What `function` ("package.module:name", given the path of the job) leaves, done by as many processes as the
    training wants: on this machine, or on the Ray cluster at that address. Raises WenluError."""
    processes = job.contender.training.processes
    if cluster is None and processes > processors():
        events.result(f"{processes} processes share {processors()} processors: fewer would be as fast")
    for old in job.work.glob("launched-*"):
        shutil.rmtree(old, ignore_errors=True)
    here = job.work / f"launched-{secrets.token_hex(4)}"
    launched = Launched(function, here / "job.json")
    job.write(launched.job)
    launch = LAUNCHERS["local" if cluster is None else "ray"]
    with followed(here / _EVENTS, events):
        launch(launched, processes=processes, device=job.contender.training.device, address=cluster)
    return dict(json.loads((here / _RESULT).read_bytes()))


@contextmanager
def taking_part(path: Path) -> Iterator[tuple[Job, Process, Events]]:
    """The job at `path`, and this process among those that do it. The first one speaks, and waits until one that wrote
    before it, and that nobody hears any more, is gone."""
    from wenlu.training.group import joined  # a third of the time that torch takes to load, for those who need it

    with ExitStack() as until:
        job = Job.read(path)
        main = environ["RANK"] == "0"
        if main:
            until.enter_context(locked(job.work / "writing"))
        process = until.enter_context(joined(shard=job.contender.training.shard))
        yield job, process, Written(path.with_name(_EVENTS)) if main else Silent()


def leave(path: Path, result: dict[str, Any]) -> None:
    """Put what came of the job at `path` where `do_together` looks for it."""
    write_atomic(path.with_name(_RESULT), json.dumps(result).encode())
