from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from wenlu.base.crew import Crew, Job, processors
from wenlu.base.errors import WenluError

HERE = "tests.base.test_crew"


def reversing(settings: bytes) -> Job:
    print("a library that prints does no harm")
    return lambda job: settings + job[::-1]


def refusing(settings: bytes) -> Job:
    def refuse(job: bytes) -> bytes:
        raise WenluError("no_good", f"{job.decode()} is no good.", hint="Try another.")

    return refuse


def dying(settings: bytes) -> Job:
    return lambda job: os._exit(7)


@pytest.fixture(autouse=True)
def _workers_find_this_file(monkeypatch: pytest.MonkeyPatch) -> None:
    source = str(Path(__file__).parents[2])
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([source, os.environ.get("PYTHONPATH", "")]))


def test_answers_come_in_the_order_of_the_jobs_with_what_was_asked():
    jobs = [f"好{number}" for number in range(50)]
    with Crew(f"{HERE}:reversing", b"> ", workers=2) as crew:
        assert list(crew.map(jobs, str.encode)) == [(job, b"> " + job.encode()[::-1]) for job in jobs]


def test_a_large_job_and_a_large_answer_do_not_block_each_other():
    with Crew(f"{HERE}:reversing", b"", workers=2) as crew:
        sizes = [len(answer) for _, answer in crew.map([5_000_000] * 6, bytes)]
    assert sizes == [5_000_000] * 6


def test_no_more_jobs_are_taken_than_will_soon_be_done():
    taken = 0

    def jobs() -> Iterator[bytes]:
        nonlocal taken
        for _ in range(100):
            taken += 1
            yield b"x"

    with Crew(f"{HERE}:reversing", b"", workers=2) as crew:
        next(crew.map(jobs(), bytes))
        assert taken <= 5


def test_a_refusal_of_a_worker_is_raised_here():
    with pytest.raises(WenluError) as caught, Crew(f"{HERE}:refusing", b"", workers=1) as crew:
        list(crew.map(["坏"], str.encode))
    assert (caught.value.code, caught.value.message, caught.value.hint) == ("no_good", "坏 is no good.", "Try another.")


def test_a_worker_that_dies_is_a_sentence():
    with pytest.raises(WenluError, match="exit code 7"), Crew(f"{HERE}:dying", b"", workers=2) as crew:
        list(crew.map([b"x"] * 4, bytes))


def test_no_worker_outlives_us(tmp_path: Path):
    script = f"""
from wenlu.base.crew import Crew
crew = Crew("{HERE}:reversing", b"", workers=2)
print(*(worker._process.pid for worker in crew._workers), flush=True)
next(crew.map([b"x"], bytes))
input()
"""
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        workers = [int(word) for word in process.stdout.readline().split()]
        process.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 20
    while any(lives(worker) for worker in workers):
        assert time.monotonic() < deadline


def lives(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_there_is_at_least_one_processor():
    assert processors() >= 1
