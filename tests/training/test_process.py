from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from tests.training.together import Ended, trained

from wenlu.base.errors import WenluError
from wenlu.base.spec import check
from wenlu.training.process import ALONE, Process
from wenlu.training.settings import TrainingConfig

# 61 texts, 20 a step in two parts: the last step has one, so the second process has none of it
SGD = {"optimizer": {"name": "sgd", "learning_rate": 0.1}, "batch": 20, "accumulate": 2, "model": {"dropout": 0.0}}
DROPOUT = {"name": "lstm", "model": {"dropout": 0.5}, "average": 0.9}


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_every_row_of_a_step_is_counted_by_one_process(size: int):
    shares = [Process(rank, size).mine(range(5)) for rank in range(size)]
    assert sorted(row for rows, counts in shares if counts for row in rows) == [0, 1, 2, 3, 4]
    assert all(len(rows) for rows, _ in shares)  # who has none computes something too, or the others would wait for it


def test_alone_everything_is_as_it_was_given():
    tensor = torch.ones(2)
    assert ALONE.mine(range(3)) == (range(3), 1.0)
    assert ALONE.summed({"loss": 0.1}) == ALONE.agreed({"loss": 0.1}) == {"loss": 0.1}
    assert ALONE.whole(tensor) is tensor
    assert ALONE.gathered({"torch": tensor})["torch"] is tensor
    assert ALONE.room(7) == 7


def test_a_process_takes_back_its_own_chance_and_a_new_one_has_none():
    kept = {"torch": torch.tensor(0), "torch.1": torch.tensor(1), "torch.11": torch.tensor(11)}
    assert [Process(rank, 12).own(kept).get("torch") for rank in (0, 1, 11)] == [0, 1, 11]
    assert Process(2, 12).own(kept) == {}


def test_processes_on_one_machine_share_its_memory():
    assert Process(1, 4, neighbours=2).room(100) == 50


def test_more_processes_than_texts_in_a_step_are_a_sentence():
    with pytest.raises(WenluError, match="processes = 8 are more than the 4 texts of a step"):
        check(TrainingConfig, {"processes": 8, "batch": 4}, where="training")


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Ended:
    return trained(tmp_path_factory.mktemp("alone") / "one", **SGD)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("shard", [False, True])
def test_two_processes_train_what_one_trains(alone: Ended, tmp_path: Path, shard: bool):
    nearly_alike(trained(tmp_path / "two", processes=2, shard=shard, **SGD), alone)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize(("before", "after"), [(2, 1), (1, 2)])
def test_a_training_in_shards_goes_on_with_another_number_of_processes(
    alone: Ended, tmp_path: Path, before: int, after: int
):
    trained(tmp_path / "run", processes=before, shard=True, **{**SGD, "epochs": 1})
    nearly_alike(trained(tmp_path / "run", processes=after, shard=True, **SGD), alone)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_language_model_in_shards_is_trained_as_one(tmp_path: Path):
    settings = {"name": "decoder", "optimizer": "adamw"}
    one = trained(tmp_path / "one", **settings)
    nearly_alike(trained(tmp_path / "two", processes=2, shard=True, **settings), one)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("shard", [False, True])
def test_masked_ids_are_filled_in_by_two_as_by_one(tmp_path: Path, shard: bool):
    settings = {"name": "filler", **SGD}
    one = trained(tmp_path / "one", **settings)
    nearly_alike(trained(tmp_path / "two", processes=2, shard=shard, **settings), one)


def nearly_alike(two: Ended, one: Ended) -> None:
    for name, tensor in one[0].items():
        torch.testing.assert_close(two[0][name], tensor, rtol=1e-4, atol=1e-5)
    for ours, theirs in zip(two[1], one[1], strict=True):
        assert ours[0] == theirs[0]
        assert ours[1] == pytest.approx(theirs[1], rel=1e-4)
        assert ours[2] == pytest.approx(theirs[2], rel=1e-4)


def the_very_same(two: Ended, one: Ended) -> None:
    assert two[1] == one[1]
    assert all(torch.equal(two[0][name], tensor) for name, tensor in one[0].items())


@pytest.fixture(scope="module")
def by_two(tmp_path_factory: pytest.TempPathFactory) -> Ended:
    return trained(tmp_path_factory.mktemp("two") / "whole", processes=2, **DROPOUT)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_when_workers_are_killed_the_training_goes_on_by_itself_to_the_very_same_weights(by_two: Ended, tmp_path: Path):
    the_very_same(trained(tmp_path / "run", processes=2, kills={"1": 3, "0": 7}, **DROPOUT), by_two)
    assert (tmp_path / "run" / "killed-0").exists()
    assert (tmp_path / "run" / "begun").read_text() == "begun " * 3


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_when_all_is_killed_at_any_time_and_started_again_it_ends_with_the_very_same_weights(
    by_two: Ended, tmp_path: Path
):
    (run := tmp_path / "run").mkdir()
    settings = {"processes": 2, "slow": 0.3, **DROPOUT}
    command = [sys.executable, "-m", "tests.training.together", str(run), json.dumps(settings)]
    chance = random.Random(1)
    for kill in range(3):
        with subprocess.Popen(command, cwd=Path(__file__).parents[2], stderr=subprocess.DEVNULL) as launcher:
            while launcher.poll() is None and times_begun(run) == kill:
                time.sleep(0.05)
            time.sleep(chance.uniform(0.0, 1.5))
            launcher.send_signal(signal.SIGKILL)
        assert launcher.returncode == -signal.SIGKILL
    the_very_same(trained(run, processes=2, **DROPOUT), by_two)
    assert times_begun(run) == 4


def times_begun(run: Path) -> int:
    return len((run / "begun").read_text().split()) if (run / "begun").exists() else 0


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_broken_checkpoint_is_one_sentence(tmp_path: Path):
    (tmp_path / "run" / "checkpoints").mkdir(parents=True)
    (tmp_path / "run" / "checkpoints" / "step-3.safetensors").write_bytes(b"half a file")
    with pytest.raises(WenluError, match=r"step-3\.safetensors can't be read"):
        trained(tmp_path / "run", processes=2, **DROPOUT)
