"""Promises about the whole source."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import wenlu

SOURCE = Path(wenlu.__file__).parent
FORBIDDEN = (
    r"\bpickle\b", r"\bjoblib\b", r"\bmarshal\.", r"torch\.load\(", r"trust_remote_code(?!=False)", r"yaml\.unsafe",
    r"shell=True", r"(?<![.\w])eval\(", r"(?<![.\w])exec\(", r"extractall", r"^\s*assert\b",
)  # fmt: skip


@pytest.mark.parametrize("pattern", FORBIDDEN)
def test_nothing_dangerous_is_called(pattern: str):
    files = {path: path.read_text(encoding="utf-8") for path in SOURCE.rglob("*.py")}
    code = {path: re.sub(r'""".*?"""|#[^\n]*', "", text, flags=re.DOTALL) for path, text in files.items()}
    found = [str(path) for path, text in code.items() if re.search(pattern, text, flags=re.MULTILINE)]
    assert found == []


def test_importing_wenlu_loads_nothing_heavy():
    probe = "import sys, wenlu; print([m for m in ('torch', 'numpy', 'pydantic', 'httpx') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
