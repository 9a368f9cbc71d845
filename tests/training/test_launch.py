from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from wenlu.base.errors import WenluError
from wenlu.training.launch import LAUNCHERS
from wenlu.training.launch.worker import Launched


def launch(folder: Path, name: str, *, processes: int = 2) -> Launched:
    launched = Launched(f"tests.training.brief:{name}", folder / "job.json")
    launched.job.write_text("{}")
    LAUNCHERS["local"](launched, processes=processes, device="cpu")
    return launched


def test_every_process_knows_its_rank_how_many_they_are_and_where_the_first_one_listens(tmp_path: Path):
    launch(tmp_path, "writes")
    assert [(tmp_path / f"known-{rank}").read_text() for rank in range(2)] == [
        repr({"RANK": str(rank), "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1"}) for rank in range(2)
    ]


def test_an_error_for_the_user_ends_all_processes_and_is_raised_here_as_it_was(tmp_path: Path):
    with pytest.raises(WenluError, match=r"This is no good\.") as caught:
        launch(tmp_path, "refuses")
    assert (caught.value.code, caught.value.hint) == ("no_good", "Do better.")
    assert (tmp_path / "asked").read_text() == "x"


def test_a_lost_process_is_started_again_with_the_others(tmp_path: Path):
    launch(tmp_path, "loses_one_once")
    assert (tmp_path / "died").exists()
    assert (tmp_path / "known-1").exists()


def test_processes_that_die_again_and_again_are_given_up_with_a_sentence(tmp_path: Path):
    with pytest.raises(WenluError, match="ended by signal 9; all were started again 3 times"):
        launch(tmp_path, "dies")


def test_a_mistake_of_ours_is_a_sentence_that_names_the_log(tmp_path: Path):
    with pytest.raises(WenluError, match="ended with: ValueError: a mistake of ours") as caught:
        launch(tmp_path, "fails")
    assert ".txt has all it said" in caught.value.hint


def test_signals_and_the_environment_are_as_before(tmp_path: Path):
    before = [signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGINT)], os.environ.get("GLOO_SOCKET_IFNAME")
    launch(tmp_path, "writes")
    after = [signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGINT)], os.environ.get("GLOO_SOCKET_IFNAME")
    assert after == before


WAITS = "from tests.training.test_launch import launch; from pathlib import Path; launch(Path({!r}), 'waits')"


def test_processes_end_when_whoever_launched_them_is_killed(tmp_path: Path):
    with subprocess.Popen([sys.executable, "-c", WAITS.format(str(tmp_path))]) as launcher:
        marks = [tmp_path / f"process-{rank}" for rank in range(2)]
        until(lambda: all(mark.exists() and mark.read_text() for mark in marks))
        launcher.kill()
    until(lambda: not any(lives(int(mark.read_text())) for mark in marks))


def until(true: object) -> None:
    for _ in range(600):
        if true():  # type: ignore[operator]
            return
        time.sleep(0.1)  # another program does it: nothing tells when
    raise AssertionError("it never came")


def lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
