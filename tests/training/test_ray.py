"""A training on a Ray cluster of two nodes on this machine, of which one is lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import torch
from tests.corpus.test_cluster import RAY, free_port, wait_for
from tests.training.together import made_texts, trained

COMMON = ["--block", "--num-cpus=1", "--object-store-memory=100000000", "--node-ip-address=127.0.0.1"]


class Nodes:
    """Nodes of one processor each, in foreground processes."""

    def __init__(self, folder: Path, until: ExitStack) -> None:
        self.address = f"127.0.0.1:{free_port()}"
        self._until = until
        self._environment = {**os.environ, "RAY_USAGE_STATS_ENABLED": "0", "RAY_TMPDIR": str(folder)}
        self.nodes = [self._start("--head", f"--port={self.address.rpartition(':')[2]}", "--include-dashboard=false")]
        wait_for(self.address)

    def add(self) -> None:
        self.nodes.append(self._start(f"--address={self.address}"))

    def lose_newest(self) -> None:
        """The node and all it runs are gone at once."""
        for process in reversed(descendants(self.nodes[-1].pid)):
            subprocess.run(["kill", "-9", str(process)], check=False)

    def _start(self, *arguments: str) -> subprocess.Popen[bytes]:
        node = subprocess.Popen(
            [RAY, "start", *arguments, *COMMON],
            env=self._environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._until.callback(node.wait)
        self._until.callback(node.terminate)
        return node


def descendants(process: int) -> list[int]:
    """A process, and all that it started or that these did."""
    found = [process]
    for one in found:
        children = Path(f"/proc/{one}/task/{one}/children")
        found += map(int, children.read_text().split()) if children.exists() else []
    return found


@pytest.fixture
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    pytest.importorskip("ray", reason="the extra 'ray' is not installed")
    pytest.importorskip("pandas", reason="ray[train] is not installed")
    with ExitStack() as until:
        nodes = Nodes(tmp_path_factory.mktemp("r"), until)
        nodes.add()
        yield nodes


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_training_on_two_nodes_goes_on_from_its_checkpoint_when_one_of_them_is_lost(nodes: Nodes, tmp_path: Path):
    settings = {"epochs": 60, "patience": 60, "checkpoint_every": 5}
    whole, _ = trained(tmp_path / "whole", processes=2, **settings)
    folder = tmp_path / "cluster"
    folder.mkdir()
    made_texts(folder / "texts")
    command = [sys.executable, "-m", "tests.training.together", str(folder), json.dumps(
        {"processes": 2, "cluster": nodes.address, "slow": 0.2, **settings})]  # fmt: skip
    # in a process of its own: Ray leaves threads and sockets behind that our tests count as mistakes
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as training:
        while training.poll() is None and not list(folder.glob("checkpoints/step-1?.safetensors")):
            time.sleep(0.1)
        assert training.poll() is None, training.stderr.read() if training.stderr else ""
        nodes.lose_newest()
        nodes.add()
        assert training.wait(600) == 0, training.stderr.read() if training.stderr else ""
    ended = trained_on(folder)
    assert all(torch.equal(ended[name], tensor) for name, tensor in whole.items())
    assert len((folder / "begun").read_text().split()) == 2


def trained_on(folder: Path) -> dict[str, torch.Tensor]:
    from wenlu.training.checkpoint import read_tensors

    return read_tensors(folder / "ended.safetensors")[0]["model"]
