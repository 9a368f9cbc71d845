"""A recipe that is trained by two processes."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.pipeline.test_run import Listening, made_recipe

from wenlu.corpus.version import DatasetVersion
from wenlu.pipeline.loading import load_recipe
from wenlu.pipeline.recipe import Contender, TextConfig
from wenlu.pipeline.run import run_recipe
from wenlu.pipeline.stage import Finished, run_stage
from wenlu.pipeline.stages.dataset import dataset_stage
from wenlu.pipeline.stages.together import Job
from wenlu.pipeline.stages.training import training_stage
from wenlu.storage.workspace import Workspace
from wenlu.training.settings import TrainingConfig


def dataset(folder: Path) -> DatasetVersion:
    workspace = Workspace(folder / "root")
    config = load_recipe(made_recipe(folder)).recipe.data
    return DatasetVersion.open(
        workspace, run_stage(dataset_stage(config, workspace), workspace, Listening()).result["dataset"]
    )


def test_a_job_is_read_as_it_was_written(tmp_path: Path):
    contender = Contender(
        text=TextConfig(saved="mine@1", max_length=9), model="lstm", training=TrainingConfig(processes=2, shard=True)
    )
    tokenizer = Finished(tmp_path / "tokenizer", {"size": 9}, 0.5, "abc")
    job = Job(contender, tokenizer, dataset(tmp_path), "classify", tmp_path / "folder", tmp_path / "work")
    job.write(tmp_path / "job.json")
    assert Job.read(tmp_path / "job.json") == job


def test_by_how_many_processes_is_a_way_and_no_input(tmp_path: Path):
    tokenizer = Finished(tmp_path / "tokenizer", {"size": 9}, 0.5, "abc")
    one, two = (
        training_stage(
            "lstm",
            Contender(model="lstm", training=TrainingConfig(processes=processes)),
            tokenizer,
            dataset(tmp_path),
            aim="classify",
        )
        for processes in (1, 2)
    )
    assert one.fingerprint() != two.fingerprint()
    assert one.work_fingerprint() == two.work_fingerprint()


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_recipe_by_two_processes_killed_again_and_again_ends_with_the_very_same_model(tmp_path: Path):
    path = made_recipe(tmp_path)
    settings = ("training.processes=2", "training.epochs=9", "training.patience=9")
    expected = run_recipe(load_recipe(path, settings=settings), Workspace(tmp_path / "whole"), Listening())
    command = [sys.executable, "-m", "wenlu", "run", str(path), "--root", str(tmp_path / "killed"), "--json"]
    command += [part for setting in settings for part in ("--set", setting)]
    chance = random.Random(1)
    kills = 0
    for _ in range(4):
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            work = tmp_path / "killed" / "stages"
            while process.poll() is None and not list(work.glob(".work-*/checkpoints/step-*")):
                time.sleep(0.05)
            time.sleep(chance.uniform(0.0, 8.0))
            process.send_signal(signal.SIGKILL)
        kills += process.returncode == -signal.SIGKILL
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert kills
    assert json.loads(done.stdout)["model"] == expected.model
    record = sorted((tmp_path / "killed" / "runs").glob("*/journal.jsonl"))[-1].read_text(encoding="utf-8")
    assert "2 processes of" in record
