from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from wenlu.base.errors import WenluError
from wenlu.base.events import Silent
from wenlu.pipeline.tracked import Tracked
from wenlu.storage.workspace import Workspace

SETTINGS = {"model": {"name": "lstm", "hidden": 8}, "training": {"batch": 32}}
Asked = list[tuple[str, dict[str, Any]]]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Asked]:
    """What an MLflow server was asked; it has no experiment yet."""
    asked: Asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(404, {"error_code": "RESOURCE_DOES_NOT_EXIST"})

        def do_POST(self) -> None:
            content = json.loads(self.rfile.read(int(self.headers["content-length"])))
            path = self.path.removeprefix("/api/2.0/mlflow/")
            asked.append((path, content))
            made = {"experiments/create": {"experiment_id": "7"}, "runs/create": {"run": {"info": {"run_id": "r1"}}}}
            self._answer(200, made.get(path, {}))

        def _answer(self, status: int, content: object) -> None:
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as there:
        threading.Thread(target=there.serve_forever, daemon=True).start()
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{there.server_port}")
        yield asked
        there.shutdown()


def track(name: str, folder: Path, *, fails: bool = False) -> None:
    """A run of two steps."""
    with Tracked.by([name], Silent(), Workspace(folder), run="run-1", name="情感", settings=SETTINGS) as events:
        events.stage("training lstm", reused=False)
        events.measured(1, {"loss": 0.7})
        events.measured(2, {"loss": 0.5, "accuracy": 0.8})
        events.wrote(2, "床前", "明月光\n疑是")
        if fails:
            raise KeyError


def test_mlflow_hears_of_the_run_its_settings_its_curves_and_its_end(server: Asked, tmp_path: Path):
    track("mlflow", tmp_path)
    paths = [path for path, _ in server]
    assert paths == ["experiments/create", "runs/create", "runs/log-batch", "runs/set-tag", "runs/log-batch",
                     "runs/update"]  # fmt: skip
    assert server[0][1]["name"] == "情感"
    assert {"key": "model.hidden", "value": "8"} in server[2][1]["params"]
    curve = [(one["key"], one["step"], one["value"]) for one in server[4][1]["metrics"]]
    assert curve == [
        ("training-lstm/loss", 1, 0.7),
        ("training-lstm/loss", 2, 0.5),
        ("training-lstm/accuracy", 2, 0.8),
    ]
    tag = {"run_id": "r1", "key": "training-lstm 床前", "value": "2: 床前明月光\n疑是"}
    assert server[3][1] == tag
    assert server[5][1]["status"] == "FINISHED"


def test_mlflow_hears_that_a_run_failed(server: Asked, tmp_path: Path):
    with pytest.raises(KeyError):
        track("mlflow", tmp_path, fails=True)
    assert server[-1][1]["status"] == "FAILED"


def test_a_server_that_is_not_there_is_a_sentence_before_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for address in ("", "file:///runs", "http://127.0.0.1:1"):
        monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
        with pytest.raises(WenluError) as caught:
            track("mlflow", tmp_path)
        assert caught.value.code == "no_tracker"


def test_a_server_that_goes_away_does_not_stop_the_training(server: Asked, tmp_path: Path):
    with Tracked.by(["mlflow"], Silent(), Workspace(tmp_path), run="r", name="n", settings={}) as events:
        events._trackers[0]._client.base_url = "http://127.0.0.1:1/"  # type: ignore[attr-defined]
        events.measured(1, {"loss": 1.0})


def test_tensorboard_reads_the_curves(tmp_path: Path):
    event_accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    track("tensorboard", tmp_path)
    found = event_accumulator.EventAccumulator(str(tmp_path / "runs" / "run-1" / "tensorboard")).Reload()
    assert [(one.step, round(one.value, 3)) for one in found.Scalars("training-lstm/loss")] == [(1, 0.7), (2, 0.5)]
    [text] = found.Tensors("training-lstm/床前/text_summary")
    assert text.step == 2
    assert "床前明月光" in text.tensor_proto.string_val[0].decode()
