from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from wenlu.base.events import Events, Silent
from wenlu.pipeline.stage import Stage, code_digest, run_stage
from wenlu.storage.workspace import Workspace


class Counting:
    """Makes a file, and counts how often it was asked to."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, folder: Path, work: Path, events: Events) -> dict[str, Any]:
        self.times += 1
        (folder / "made").write_text(str(self.times))
        events.result(f"made {self.times}")
        return {"times": self.times}


class Listening(Silent):
    def __init__(self) -> None:
        self.heard: list[str] = []

    def stage(self, name: str, *, reused: bool) -> None:
        self.heard.append(f"{name} reused" if reused else name)

    def result(self, line: str) -> None:
        self.heard.append(line)


def stage(make: Counting, **changes: Any) -> Stage:
    return Stage(**{"name": "s", "inputs": {"a": 1}, "packages": ("base",), "make": make, **changes})


def test_an_unchanged_stage_is_not_run_again_and_says_the_same(tmp_path: Path):
    make, events, workspace = Counting(), Listening(), Workspace(tmp_path)
    first = run_stage(stage(make), workspace, events)
    second = run_stage(stage(make), workspace, events)
    assert (first.result, first.folder) == (second.result, second.folder)
    assert make.times == 1
    assert events.heard == ["s", "made 1", "s reused", "made 1"]


def test_another_input_or_another_code_is_another_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    make, workspace = Counting(), Workspace(tmp_path)
    run_stage(stage(make), workspace, Silent())
    run_stage(stage(make, inputs={"a": 2}), workspace, Silent())
    monkeypatch.setattr("wenlu.pipeline.stage.code_digest", lambda package: "changed")
    run_stage(stage(make), workspace, Silent())
    assert make.times == 3


def test_it_is_run_again_if_what_it_made_elsewhere_is_gone(tmp_path: Path):
    make, workspace = Counting(), Workspace(tmp_path)
    for _ in range(2):
        finished = run_stage(stage(make, still_there=lambda result: False), workspace, Silent())
    assert make.times == 2
    assert (finished.folder / "made").read_text() == "2"


def test_a_failed_stage_leaves_nothing_that_looks_finished(tmp_path: Path):
    def fail(folder: Path, work: Path, events: Events) -> dict[str, Any]:
        (folder / "half").write_text("x")
        raise ZeroDivisionError

    workspace = Workspace(tmp_path)
    with pytest.raises(ZeroDivisionError):
        run_stage(stage(fail), workspace, Silent())  # type: ignore[arg-type]
    assert list(workspace.stages.glob("[!.]*")) == []
    make = Counting()
    run_stage(stage(make), workspace, Silent())
    assert make.times == 1


def test_a_killed_stage_is_made_anew_from_its_work_folder(tmp_path: Path):
    script = f"""
import os, signal, pathlib
from wenlu.base.events import Silent
from wenlu.pipeline.stage import Stage, run_stage
from wenlu.storage.workspace import Workspace
def make(folder, work, events):
    work.mkdir(parents=True, exist_ok=True)
    (folder / "half").write_text("x")
    if not (work / "checkpoint").exists():
        (work / "checkpoint").write_text("here")
        os.kill(os.getpid(), signal.SIGKILL)
    return {{"from": (work / "checkpoint").read_text()}}
finished = run_stage(Stage("s", {{}}, ("base",), make), Workspace(pathlib.Path({str(tmp_path)!r})), Silent())
print(finished.result["from"])
"""
    first = subprocess.run([sys.executable, "-c", script], check=False)
    assert first.returncode == -signal.SIGKILL
    stages = Workspace(tmp_path).stages
    assert list(stages.glob("s-*")) == []
    second = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert second.stdout.strip() == "here"
    assert [path.name for path in stages.iterdir() if not path.name.startswith(".lock")] == [
        path.name for path in stages.glob("s-*")
    ]


def test_the_digest_of_code_covers_subpackages():
    assert code_digest("text") != code_digest("text.tokenizers")
    assert code_digest("text") == code_digest("text")


def test_the_digest_of_one_module_covers_that_module_alone():
    modules = ("pipeline.stages.training", "pipeline.stages.candidate", "text.pipeline")
    assert len({code_digest(module) for module in modules}) == 3


def test_a_part_of_the_house_that_is_not_there_has_no_digest():
    with pytest.raises(FileNotFoundError):
        code_digest("no_such_package")


class Continuing:
    """Goes on with what it finds in its work folder."""

    def __init__(self, *, ends: bool) -> None:
        self._ends = ends

    def __call__(self, folder: Path, work: Path, events: Events) -> dict[str, Any]:
        work.mkdir(exist_ok=True)
        found = len(list(work.iterdir()))
        (work / str(found)).touch()
        if not self._ends:
            raise InterruptedError
        return {"found": found}


def test_another_way_is_another_result_and_goes_on_with_the_same_work(tmp_path: Path):
    workspace = Workspace(tmp_path)
    with pytest.raises(InterruptedError):
        run_stage(stage(Continuing(ends=False), ways={"processes": 2}), workspace, Silent())
    one = run_stage(stage(Continuing(ends=True), ways={"processes": 1}), workspace, Silent())
    two = run_stage(stage(Continuing(ends=True), ways={"processes": 2}), workspace, Silent())
    assert (one.result, two.result) == ({"found": 1}, {"found": 0})
    assert one.folder != two.folder
