"""A Ray cluster of two nodes on this machine gives the very version that one process gives."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.corpus.test_importer import config, imported, sentences, written

from wenlu.base.errors import WenluError
from wenlu.base.events import Silent
from wenlu.corpus.importer import import_dataset
from wenlu.corpus.version import DatasetVersion
from wenlu.storage.workspace import Workspace

RAY = str(Path(sys.executable).parent / "ray")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Two nodes of one processor each, in foreground processes that end with the test."""
    pytest.importorskip("ray", reason="the extra 'ray' is not installed")
    address = f"127.0.0.1:{free_port()}"
    environment = {**os.environ, "RAY_USAGE_STATS_ENABLED": "0", "RAY_TMPDIR": str(tmp_path_factory.mktemp("r"))}
    common = ["--block", "--num-cpus=1", "--object-store-memory=100000000", "--node-ip-address=127.0.0.1"]
    head = [RAY, "start", "--head", f"--port={address.rpartition(':')[2]}", "--include-dashboard=false", *common]
    other = [RAY, "start", f"--address={address}", *common]
    with subprocess.Popen(head, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as first:
        wait_for(address)
        with subprocess.Popen(other, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as second:
            yield address
            second.terminate()
        first.terminate()


def wait_for(address: str) -> None:
    host, _, port = address.rpartition(":")
    for _ in range(600):
        try:
            socket.create_connection((host, int(port)), timeout=0.1).close()
        except OSError:
            time.sleep(0.1)  # another program starts: nothing tells when
        else:
            return
    raise AssertionError("Ray did not start")


IMPORT = """
import sys
import time
from tests.corpus.test_cluster import by_cluster
print(by_cluster(sys.argv[1], sys.argv[2], sys.argv[3]).reference)
"""


def by_cluster(folder: str, source: str, address: str) -> DatasetVersion:
    import wenlu.corpus.gather

    wenlu.corpus.gather._TOGETHER = 50
    return import_dataset(config({"uri": source, "label": "x"}), Workspace(Path(folder)), Silent(), cluster=address)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_an_import_on_a_cluster_of_two_nodes_gives_the_same_version(tmp_path: Path, cluster: str):
    texts = sentences(1_000)
    source = written(tmp_path / "a.txt", [*texts, *(f"{text}。" for text in texts[:99]), "x", ""])
    alone = imported(tmp_path / "alone", {"uri": str(source), "label": "x"})
    # in a process of its own: Ray leaves threads and sockets behind that our tests count as mistakes
    done = subprocess.run(
        [sys.executable, "-c", IMPORT, str(tmp_path / "cluster"), str(source), cluster],
        capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2], timeout=500,
    )  # fmt: skip
    assert done.stdout.split()[-1:] == [alone.reference], done.stderr


def test_a_cluster_that_is_not_there_is_a_sentence(tmp_path: Path):
    pytest.importorskip("ray", reason="the extra 'ray' is not installed")
    source = written(tmp_path / "a.txt", sentences(5))
    command = [sys.executable, "-m", "wenlu", "dataset", "import", str(source), "--name", "d", "--root", str(tmp_path)]
    done = subprocess.run(
        [*command, "--cluster", f"127.0.0.1:{free_port()}"], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 1
    assert "No Ray cluster answers" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_ray_it_says_how_to_install_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    source = written(tmp_path / "a.txt", sentences(5))
    with pytest.raises(WenluError, match=r"wenlu\[ray\]"):
        import_dataset(config({"uri": str(source)}), Workspace(tmp_path), Silent(), cluster="auto")
