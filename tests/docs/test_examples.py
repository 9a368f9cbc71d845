from __future__ import annotations

import doctest
import importlib
import re
from pathlib import Path

import pytest
from tests.bundles import TEXTS, make_bundle

import wenlu
from wenlu.bundle.seal import open_bundle
from wenlu.bundle.shelf import make_current
from wenlu.storage.workspace import Workspace

ROOT = Path(wenlu.__file__).parent
SHOWN = sorted(path for path in ROOT.rglob("*.py") if ">>> " in path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", SHOWN, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_examples_in_docstrings_are_true(path: Path):
    module = ".".join(("wenlu", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__")
    tried = doctest.testmod(importlib.import_module(module), raise_on_error=True)
    assert tried.attempted


def test_the_python_of_the_page_on_data_runs_as_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    page = (Path(__file__).parents[2] / "docs" / "data.md").read_text(encoding="utf-8")
    [block] = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    rows = [
        f"第{number}家店{number * 7919}的菜{'很好吃' if number % 2 else '太难吃'},{number % 2}" for number in range(60)
    ]
    (tmp_path / "reviews.csv").write_text("\n".join(["text,label", *rows]), encoding="gb18030")
    monkeypatch.chdir(tmp_path)
    exec(compile(block, "data.md", "exec"), {})
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].startswith("mine@")
    assert len(printed) > 40
    assert "'added': 0" in printed[-1]


def test_the_python_of_the_page_on_judging_runs_as_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    page = (Path(__file__).parents[2] / "docs" / "judging.md").read_text(encoding="utf-8")
    [block] = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    version = open_bundle(make_bundle(tmp_path / "made", name="sentiment")).manifest.version
    (tmp_path / ".wenlu/models/sentiment").mkdir(parents=True)
    (tmp_path / "made").rename(tmp_path / ".wenlu/models/sentiment" / version)
    make_current(Workspace(tmp_path / ".wenlu"), "sentiment", version)
    rows = [f"{text},{'positive' if at % 2 else 'negative'}" for at, text in enumerate(TEXTS)]
    (tmp_path / "new.csv").write_text("\n".join(["text,label", *rows]), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    exec(compile(block, "judging.md", "exec"), {})
    accuracy, error = map(float, capsys.readouterr().out.split())
    assert 0 <= accuracy <= 1
    assert 0 <= error <= 1
