"""The whole service: it starts only if it answers as it was trained, and ends without losing an answer."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.bundles import make_bundle
from tests.serving.wire import ask_service, inputs, request

from wenlu.base.errors import WenluError
from wenlu.bundle.manifest import GOLDEN, Description
from wenlu.bundle.parity import Golden, read_golden
from wenlu.bundle.predict import Predictor
from wenlu.bundle.seal import open_bundle, read_manifest, seal
from wenlu.sdk.client import Client
from wenlu.serving.runtimes import RUNTIMES
from wenlu.serving.service import bound, serve, serving


def started(folder: Path, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "wenlu.serving", str(folder), "--port", "0", *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_it_answers_over_http_what_torch_recorded(bundle: Path, address: str):
    rows = read_golden(open_bundle(bundle))
    outputs = ask_service(address, request(body=inputs(*[row.text for row in rows]))).json["outputs"]
    for row, output in zip(rows, outputs, strict=True):
        assert output["scores"] == pytest.approx(row.scores, abs=1e-5)


def test_a_service_maps_no_torch_and_takes_little_memory(bundle: Path):
    with started(bundle) as process:
        reply = ask_service(first_line(process), request(body=inputs("质量很好", "最悪")))
        maps = Path(f"/proc/{process.pid}/maps").read_text()
        memory = Path(f"/proc/{process.pid}/status").read_text().partition("VmRSS:")[2].split()[0]
        process.terminate()
    assert reply.status == 200
    assert "onnxruntime" in maps
    assert "torch" not in maps
    assert "arrow" not in maps
    assert int(memory) < 200_000


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_quietly(bundle: Path, number: signal.Signals):
    with started(bundle) as process:
        assert first_line(process).startswith("http://127.0.0.1:")
        os.kill(process.pid, number)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (0, "", "")


def changed(bundle: Path, folder: Path, rows: list[Golden], **fields: Any) -> Path:
    """A copy of the bundle with other recorded answers, sealed again."""
    shutil.copytree(bundle, folder)
    (folder / GOLDEN).write_bytes(b"".join(msgspec.json.encode(row) + b"\n" for row in rows))
    manifest = read_manifest(folder)
    seal(folder, Description(**{name: getattr(manifest, name) for name in Description.model_fields} | fields))
    return folder


def test_other_answers_than_recorded_keep_it_from_starting_and_are_named(bundle: Path, tmp_path: Path):
    rows = read_golden(open_bundle(bundle))
    rows[0] = msgspec.structs.replace(rows[0], scores={"negative": 0.9, "positive": 0.1})
    with started(changed(bundle, tmp_path / "b", rows)) as process:
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (1, "")
    assert f"1 of {len(rows)} recorded answers differ" in err
    assert rows[0].text[:10] in err
    assert "the computation of the model differs" in err
    assert "Traceback" not in err


def test_a_text_pipeline_that_cuts_otherwise_is_blamed(bundle: Path, tmp_path: Path):
    rows = read_golden(open_bundle(bundle))
    other = [msgspec.structs.replace(row, ids=[9], scores={"negative": 0.9, "positive": 0.1}) for row in rows]
    with pytest.raises(WenluError) as caught:
        serve(changed(bundle, tmp_path / "b", other), port=0)
    assert caught.value.code == "parity_failed"
    assert "and 16 more" in caught.value.message
    assert f"other ids for {len(rows)} of {len(rows)}" in caught.value.hint


def test_a_bundle_without_recorded_answers_is_not_served(bundle: Path, tmp_path: Path):
    with pytest.raises(WenluError) as caught:
        serve(changed(bundle, tmp_path / "b", []), port=0)
    assert caught.value.code == "no_golden"


def test_more_recorded_texts_than_a_request_holds_are_all_asked(bundle: Path, tmp_path: Path):
    rows = read_golden(open_bundle(bundle)) * 8
    with serving(changed(bundle, tmp_path / "b", rows)) as address:
        metrics = ask_service(address, request("/metrics")).body.decode()
        assert ask_service(address, request("/readyz")).status == 200
    assert "wenlu_texts_total 0.0" in metrics  # the gate's own questions are not the users'


def test_a_service_that_does_not_start_says_why(tmp_path: Path):
    with pytest.raises(WenluError, match="is not a bundle"), serving(tmp_path):
        pass


def test_a_taken_port_is_a_sentence(bundle: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(WenluError, match=f"Port {port} of 127.0.0.1 is taken") as caught:
            serve(bundle, port=port)
    assert caught.value.code == "port_in_use"
    assert "--port" in caught.value.hint


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_an_address_that_others_can_reach_needs_keys(host: str):
    with pytest.raises(WenluError) as caught:
        bound(host, 0)
    assert caught.value.code == "keys_needed"


def test_loopback_has_two_addresses():
    for host in ("127.0.0.1", "::1", "localhost"):
        bound(host, 0).close()


def test_a_model_of_topics_is_served_too(bundle: Path, tmp_path: Path):
    topics = {"negative": "体育", "positive": "财经"}
    rows = [
        msgspec.structs.replace(row, scores={topics[label]: score for label, score in row.scores.items()})
        for row in read_golden(open_bundle(bundle))
    ]
    folder = changed(bundle, tmp_path / "b", rows, labels=["体育", "财经"], positive=None)
    with serving(folder) as address:
        assert set(ask_service(address, request(body=inputs("股市"))).json["outputs"][0]["scores"]) == {"体育", "财经"}
        assert ask_service(address, request("/sentiment/a")).code == "not_binary"


def test_the_runtimes_agree_with_each_other(bundle: Path):
    opened = open_bundle(bundle)
    texts = [row.text for row in read_golden(opened)]
    answers = {name: Predictor(opened, RUNTIMES[name](opened)).probabilities(texts) for name in ("onnx", "torch")}
    assert abs(answers["onnx"] - answers["torch"]).max() < 1e-5


def test_a_careful_model_says_over_http_and_in_python_that_it_abstained(tmp_path: Path):
    folder = make_bundle(tmp_path / "careful", temperature=2.0, abstain=0.999)
    with serving(folder) as address:
        output = ask_service(address, request(body=inputs("质量很好"))).json["outputs"][0]
        with Client(address) as client:
            prediction = client.predict_one("质量很好")
    assert output["abstained"] is True
    assert prediction.abstained is True
    assert output["label"] == prediction.label != ""
