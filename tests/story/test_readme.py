"""The README, read from top to bottom by a newcomer who runs what it says."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAMS = Path(sys.executable).parent
README = (ROOT / "README.md").read_text(encoding="utf-8")

pytestmark = pytest.mark.slow


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def block(language: str, holding: str) -> str:
    """The README's one block with these words."""
    (found,) = [text for text in blocks(language) if holding in text]
    return found


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a workspace of its own, the recipes, and the reviews a user might bring."""
    folder = tmp_path_factory.mktemp("home")
    (folder / "recipes").symlink_to(ROOT / "recipes")
    rows = [
        f"这是第{number}条评论，{'非常好' if number % 2 else '太差了'}！,{'好' if number % 2 else '坏'}"
        for number in range(400)
    ]
    (folder / "reviews.csv").write_text("review,label\n" + "\n".join(rows) + "\n", encoding="gb18030")
    return folder


def environment(home: Path) -> dict[str, str]:
    return {**os.environ, "WENLU_ROOT": str(home / ".wenlu"), "PATH": f"{PROGRAMS}:{os.environ['PATH']}"}


@pytest.fixture(scope="module")
def demo(home: Path) -> Iterator[str]:
    """`make demo`, once it says that the service is there; what it printed."""
    command = block("sh", "make demo").split()
    with subprocess.Popen(
        command, cwd=ROOT, env=environment(home), stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        printed = []
        for line in process.stdout:
            printed.append(line)
            if "curl" in line:
                break
        yield "".join(printed)
        os.killpg(process.pid, signal.SIGINT)
        process.wait(timeout=40)


def run(script: str, home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-euc", script], cwd=home, env=environment(home), capture_output=True, text=True, check=False
    )


@pytest.mark.timeout(900)
def test_the_demo_ends_with_a_service_and_says_which_model_and_why(demo: str):
    assert "is deployed" in demo
    assert "http://127.0.0.1:5000" in demo
    assert "report.html" in demo


def test_the_curl_line_gets_the_answer_that_is_shown(demo: str, home: Path):
    done = run(block("sh", "curl"), home)
    answer, shown = json.loads(done.stdout), json.loads(block("json", "outputs"))
    assert answer.keys() == shown.keys()
    assert answer["outputs"][0].keys() == shown["outputs"][0].keys()
    assert answer["model"] == shown["model"]
    assert answer["outputs"][0]["label"] == shown["outputs"][0]["label"]


def test_the_curl_line_that_the_demo_prints_works(demo: str, home: Path):
    line = next(line for line in demo.splitlines() if line.strip().startswith("curl"))
    assert json.loads(run(line, home).stdout)["outputs"][0]["label"] == "positive"


def test_the_python_block_prints_a_bad_and_a_good_review(demo: str, home: Path):
    done = subprocess.run(
        [sys.executable, "-c", block("python", "wenlu.Client")], capture_output=True, text=True, check=True
    )
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["negative", "positive"]


@pytest.mark.timeout(120)
def test_a_second_demo_takes_everything_from_before(demo: str, home: Path):
    done = subprocess.run(
        [PROGRAMS / "wenlu", "demo", "--check", "--root", home / ".wenlu"],
        cwd=ROOT, env=environment(home), capture_output=True, text=True, check=True,
    )  # fmt: skip
    stages = [line for line in done.stderr.splitlines() if line.startswith("●")]
    assert len(stages) == 11
    assert all("taken from before" in line for line in stages)
    assert "answer   positive" in done.stdout


def test_a_users_own_gb18030_table_is_imported(home: Path):
    done = run(block("sh", "dataset import"), home)
    assert done.returncode == 0, done.stderr
    shown = run("wenlu dataset show mine --json", home)
    assert sorted(json.loads(shown.stdout)["manifest"]["labels"]) == ["坏", "好"]
