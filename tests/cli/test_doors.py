"""The front door is frozen: a command, option or field that appears or goes is a decision, made here."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
import typer.main

from wenlu.cli.main import app, main

DOORS = {
    "demo": ["--recipe", "--check", "--port", "--root"],
    "doctor": ["--root", "--json"],
    "run": ["recipe", "--set", "--apply", "--cluster", "--root", "--json"],
    "serve": [
        "bundle", "--host", "--port", "--allow-host", "--keys", "--cache-memory", "--cache-disk", "--cache-folder",
        "--root",
    ],
    "predict": [
        "model", "texts", "--input", "--output", "--chat", "--system", "--length", "--temperature", "--top-k",
        "--top-p", "--seed", "--beams", "--no-repeat", "--root",
    ],
    "chat": ["model", "--system", "--length", "--temperature", "--top-k", "--top-p", "--seed", "--root"],
    "tune": ["recipe", "--budget", "--trials", "--set", "--cluster", "--run", "--root", "--json"],
    "key new": [
        "name", "--admin", "--model", "--requests", "--characters", "--at-once", "--expires", "--root",
    ],
    "key list": ["--root", "--json"],
    "key revoke": ["name", "--root"],
    "key rotate": ["name", "--overlap", "--root"],
    "dataset import": [
        "uri", "--name", "--format", "--encoding", "--text", "--label", "--target", "--group",
        "--include", "--split-from", "--normalize", "--filter", "--near", "--language", "--cluster", "--root",
        "--json",
    ],
    "dataset list": ["--root", "--json"],
    "dataset show": ["dataset", "--root", "--json"],
    "dataset verify": ["dataset", "--root"],
    "dataset diff": ["old", "new", "--root", "--json"],
    "dataset export": ["dataset", "--output", "--split", "--root"],
    "dataset rm": ["dataset", "--force", "--root"],
    "tokenizer train": ["dataset", "--name", "--kind", "--normalize", "--root", "--json"],
    "tokenizer list": ["--root", "--json"],
    "tokenizer compare": ["dataset", "--with", "--normalize", "--example", "--root", "--json"],
    "tokenizer show": ["tokenizer", "texts", "--id", "--root", "--json"],
    "tokenizer export": ["tokenizer", "--output", "--without-normalizer", "--root"],
    "model evaluate": [
        "model", "--data", "--split", "--text", "--label", "--url", "--against", "--report",
        "--report-language", "--root", "--json",
    ],
    "model compress": [
        "model", "--max-accuracy-drop", "--max-size", "--max-p95", "--method", "--name", "--root", "--json",
    ],
    "model export": ["model", "--output", "--to", "--root"],
    "model list": ["--root", "--json"],
    "model show": ["model", "--root"],
}  # fmt: skip


def doors(command: click.Command, name: str = "") -> dict[str, list[str]]:
    """Each command by its full name, with its arguments and options."""
    below = getattr(command, "commands", None)
    if below is None:
        return {name: [parameter.opts[0] for parameter in command.params]}
    return {
        key: value for part, inner in below.items() for key, value in doors(inner, f"{name} {part}".strip()).items()
    }


def test_the_commands_and_options_are_these():
    assert doors(typer.main.get_command(app)) == DOORS


def test_every_command_and_option_says_what_it_does():
    def check(command: click.Command) -> None:
        assert command.help
        for parameter in command.params:
            assert getattr(parameter, "help", None), f"{command.name} {parameter.name}"
        for inner in getattr(command, "commands", {}).values():
            check(inner)

    check(typer.main.get_command(app))


def wenlu(*arguments: str, root: Path) -> subprocess.CompletedProcess[str]:
    """The program, run in `root` with a workspace of its own there."""
    command = [sys.executable, "-m", "wenlu", *arguments]
    environment = {**os.environ, "WENLU_ROOT": str(root / ".wenlu")}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=root)


def test_help_loads_nothing_heavy(tmp_path: Path):
    probe = (
        "import sys; from wenlu.cli import main; sys.argv = ['wenlu', '--help']\n"
        "try: main.main()\nexcept SystemExit: pass\n"
        "print([m for m in ('torch', 'numpy', 'pydantic', 'httpx', 'pyarrow', 'rich') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("[]")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["serve", "nothing"], "There is no model 'nothing'"),
        (["predict", "nothing", "好"], "There is no model 'nothing'"),
        (["model", "evaluate", "nothing", "--data", "none.csv"], "There is no model 'nothing'"),
        (["model", "evaluate", "nothing", "--data", "x", "--report-language", "fr"], "There is no report in 'fr'"),
        (["model", "show", "../x"], "There is no bundle in the folder"),
        (["dataset", "show", "nothing"], "nothing"),
        (["dataset", "import", "none.txt", "--name", "x"], "none.txt"),
        (["dataset", "import", "none.txt", "--name", "../x"], "can't be the name"),
        (["run", "none.yaml"], "none.yaml can't be read"),
        (["predict", "http://127.0.0.1:1", "好"], "could be reached"),
    ],
)
def test_a_mistake_is_one_sentence_and_never_a_traceback(tmp_path: Path, arguments: list[str], said: str):
    done = wenlu(*arguments, root=tmp_path)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("noun", ["dataset", "tokenizer", "model"])
def test_an_empty_workspace_lists_nothing_and_says_what_to_do(tmp_path: Path, noun: str):
    assert wenlu(noun, "list", root=tmp_path).stdout.startswith(f"No {noun}s yet")
    assert wenlu(noun, "list", "--json", root=tmp_path).stdout.strip() == "[]"


def test_a_dataset_is_imported_shown_and_verified_until_a_byte_is_flipped(tmp_path: Path):
    lines = "\n".join(f"第{number}条评论,好" for number in range(100))
    (tmp_path / "reviews.csv").write_text(f"review,label\n{lines}\n", encoding="gb18030")
    columns = ["--text", "review", "--label", "label"]
    done = wenlu("dataset", "import", "reviews.csv", "--name", "mine", *columns, root=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "100 texts read, 100 kept" in wenlu("dataset", "show", "mine", root=tmp_path).stdout
    assert "is what was imported" in wenlu("dataset", "verify", "mine", root=tmp_path).stdout
    (shard,) = tmp_path.glob(".wenlu/datasets/mine/*/train-00000.parquet")
    content = bytearray(shard.read_bytes())
    content[len(content) // 2] ^= 1
    shard.write_bytes(content)
    broken = wenlu("dataset", "verify", "mine", root=tmp_path)
    assert broken.returncode == 1
    assert "train-00000.parquet" in broken.stderr


def test_versions_are_compared_exported_and_removed(tmp_path: Path):
    for number, texts in enumerate([["很好吃", "とても良い"], ["很好吃", "とても悪い", "房间很干净"]]):
        (tmp_path / f"{number}.txt").write_text("\n".join(texts), encoding="utf-8")
        assert wenlu("dataset", "import", f"{number}.txt", "--name", f"d{number}", root=tmp_path).returncode == 0
    difference = wenlu("dataset", "diff", "d0", "d1", root=tmp_path).stdout
    assert "added              2" in difference
    assert "removed            1" in difference
    exported = wenlu("dataset", "export", "d1", "--output", "out.jsonl", root=tmp_path)
    assert exported.stdout.startswith("3 texts of d1@")
    assert len((tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()) == 3
    assert wenlu("dataset", "export", "d1", "--output", "x.csv", "--split", "dev", root=tmp_path).returncode == 1
    unsaid = wenlu("dataset", "rm", "d1", root=tmp_path)
    assert unsaid.returncode == 1
    reference = unsaid.stderr.split()[-1].rstrip(".")
    assert wenlu("dataset", "rm", reference, root=tmp_path).stdout == f"{reference} is gone\n"
    assert "d1@" not in wenlu("dataset", "list", root=tmp_path).stdout


def test_tokenizers_are_compared_trained_looked_into_and_exported(tmp_path: Path):
    texts = [f"这家店的服务很好，第{number}次来了。とても良い商品です、{number}回目。" for number in range(300)]
    (tmp_path / "a.txt").write_text("\n".join(texts), encoding="utf-8")
    assert wenlu("dataset", "import", "a.txt", "--name", "mine", root=tmp_path).returncode == 0
    compared = wenlu("tokenizer", "compare", "mine", "--example", "很好", root=tmp_path)
    assert compared.returncode == 0, compared.stderr
    assert "bpe" in compared.stdout.splitlines()[0]
    assert "hiragana known" in compared.stdout
    trained = wenlu(
        "tokenizer", "train", "mine", "--name", "mine", "--kind", "bpe,max_size=400", "--normalize", "lower",
        root=tmp_path,
    )  # fmt: skip
    assert trained.stdout.startswith("mine@"), trained.stderr
    assert trained.stdout.split()[0].rstrip(":") in wenlu("tokenizer", "list", root=tmp_path).stdout
    shown = wenlu("tokenizer", "show", "mine", "服务", "--id", "0", root=tmp_path).stdout
    assert "服务: 服 " in shown or "服务: 服务 " in shown
    assert wenlu("tokenizer", "show", "mine", "--id", "100000", root=tmp_path).returncode == 1
    assert wenlu("tokenizer", "export", "mine", "--output", "hf", root=tmp_path).returncode == 0
    assert sorted(path.name for path in (tmp_path / "hf").iterdir()) == ["tokenizer.json", "tokenizer_config.json"]
    mistake = wenlu("tokenizer", "compare", "mine", "--with", "bpe,max_siez=400", root=tmp_path)
    assert "did you mean 'max_size'" in mistake.stderr
    assert "There is no tokenizer or model 'none'" in wenlu("tokenizer", "show", "none", root=tmp_path).stderr


def test_the_doctor_looks_and_says_what_it_found(tmp_path: Path):
    done = wenlu("doctor", root=tmp_path)
    assert done.returncode == 0
    assert "torch 2.13" in done.stdout
    assert "✗" not in done.stdout


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(28, "No space left on device", "/data/x"), "wenlu: No space left on device (/data/x)."),
        (ZeroDivisionError("by zero"), "wenlu: This should not have happened: ZeroDivisionError: by zero"),
    ],
)
def test_not_even_a_mistake_of_ours_shows_a_traceback(
    error: Exception, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def fail() -> None:
        raise error

    monkeypatch.setattr("wenlu.cli.main.app", fail)
    monkeypatch.delenv("WENLU_TRACEBACK", raising=False)
    with pytest.raises(SystemExit, match="1"):
        main()
    printed = capsys.readouterr().err
    assert said in printed
    assert "Traceback" not in printed
    monkeypatch.setenv("WENLU_TRACEBACK", "1")
    with pytest.raises(SystemExit):
        main()
    assert "Traceback" in capsys.readouterr().err
