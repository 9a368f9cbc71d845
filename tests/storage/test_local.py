from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from wenlu.base.errors import WenluError
from wenlu.storage.local import atomic_folder, files_under, sha256_file, sweep_partial, write_atomic
from wenlu.storage.names import checked_name


def test_a_file_is_replaced_whole(tmp_path: Path):
    write_atomic(tmp_path / "a" / "f", b"one")
    write_atomic(tmp_path / "a" / "f", b"two")
    assert (tmp_path / "a" / "f").read_bytes() == b"two"
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["f"]


def test_files_come_in_the_order_of_sorted_paths_and_links_do_not(tmp_path: Path):
    for name in ("a.txt", "a/b.txt", "a/b/c.txt", "a-b/x", "a b/y", "b", "あ/い", "a/b-c"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "empty").mkdir()
    plain = sorted(path for path in tmp_path.rglob("*") if path.is_file())
    (tmp_path / "link").symlink_to(tmp_path / "b")
    (tmp_path / "loop").symlink_to(tmp_path)
    assert list(files_under(tmp_path)) == plain
    assert len(plain) == 8


def test_a_folder_appears_only_when_it_is_finished(tmp_path: Path):
    with atomic_folder(tmp_path / "f") as partial:
        (partial / "x").write_text("x")
        assert not (tmp_path / "f").exists()
    assert (tmp_path / "f" / "x").read_text() == "x"


def test_a_failure_leaves_nothing(tmp_path: Path):
    def fail() -> None:
        with atomic_folder(tmp_path / "f") as partial:
            (partial / "x").write_text("x")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_a_published_folder_never_changes(tmp_path: Path):
    for content in ("first", "second"):
        with atomic_folder(tmp_path / "f") as partial:
            (partial / "x").write_text(content)
    assert (tmp_path / "f" / "x").read_text() == "first"


def test_a_killed_writer_leaves_only_what_the_next_one_sweeps(tmp_path: Path):
    script = f"""
import os, signal, pathlib
from wenlu.storage.local import atomic_folder
with atomic_folder(pathlib.Path({str(tmp_path)!r}) / "f") as partial:
    (partial / "half").write_text("x")
    os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", script], check=False)
    assert done.returncode == -signal.SIGKILL
    assert [path.name[:9] for path in tmp_path.iterdir()] == [".partial-"]
    sweep_partial(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_sweeping_spares_a_writer_that_lives(tmp_path: Path):
    living = tmp_path / f".partial-{os.getppid()}-x"
    living.mkdir()
    sweep_partial(tmp_path)
    assert living.exists()


def test_a_digest_is_that_of_the_bytes(tmp_path: Path):
    (tmp_path / "f").write_bytes(b"abc")
    assert sha256_file(tmp_path / "f") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.parametrize("name", ["a", "reviews", "seed-lstm", "a.b_c-1", "0", "x" * 64])
def test_a_plain_name_is_taken(name: str):
    assert checked_name(name, what="dataset") == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../x",
        "a/b",
        "a\\b",
        "a\0",
        "．．／",
        "%2e%2e",
        "a..b",
        "-a",
        "A",
        "é",
        "a\u202eb",
        "x" * 65,
        "a\n",
    ],
)
def test_a_name_that_could_leave_its_folder_is_refused(name: str):
    with pytest.raises(WenluError, match="can't be the name of a dataset"):
        checked_name(name, what="dataset")
