from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

import wenlu

ROOT = Path(wenlu.__file__).parent
SHOWN = sorted(path for path in ROOT.rglob("*.py") if ">>> " in path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", SHOWN, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_examples_in_docstrings_are_true(path: Path):
    module = ".".join(("wenlu", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__")
    tried = doctest.testmod(importlib.import_module(module), raise_on_error=True)
    assert tried.attempted
