"""Texts into numbers, from a recipe to answers over HTTP."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import yaml

import wenlu
from wenlu.base.errors import WenluError
from wenlu.base.events import Silent
from wenlu.bundle.manifest import GOLDEN, Description
from wenlu.bundle.parity import read_golden
from wenlu.bundle.predict import Estimate, Predictor
from wenlu.bundle.seal import open_bundle, read_manifest, seal
from wenlu.pipeline.loading import load_recipe
from wenlu.pipeline.run import RunResult, run_recipe
from wenlu.serving.runtimes import RUNTIMES
from wenlu.serving.service import serve, serving
from wenlu.storage.workspace import Workspace

pytestmark = pytest.mark.timeout(600)  # two exports, a process of its own each

SMALL = {"batch": 32, "epochs": 6, "optimizer": {"name": "adam", "learning_rate": 0.02}}
WORDS = {"很好": 2.0, "不错": 1.0, "一般": 0.0, "很差": -2.0, "とても": 0.5}


def made_recipe(folder: Path, **changes: object) -> Path:
    """400 made-up pairs whose number, in the thousands, is what their words add up to."""
    chance = random.Random(1)
    rows = []
    for place in range(400):
        first, second = chance.choices(list(WORDS), k=2)
        price = 5000 + 1000 * (WORDS[first] + WORDS[second]) + chance.gauss(0, 100)
        rows.append({"a": f"{first}的第{place}家", "b": f"{second}{place * 7919}", "price": price})
    (folder / "pairs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    source = {"uri": str(folder / "pairs.jsonl"), "text_column": ["a", "b"], "label_column": "price"}
    data = {
        "wenlu": 1,
        "name": "prices",
        "data": {"name": "pairs", "target": "number", "sources": [source], "dedup": {"near": None}},
        "text": {"tokenizer": {"name": "char", "min_count": 1}},
        "model": {"name": "textcnn", "embedding": 16, "filters": 16},
        "training": SMALL,
        "baseline": {"text": {"tokenizer": "char"}, "model": {"name": "bag", "buckets": 512}, "training": SMALL},
        **changes,
    }
    path = folder / "prices.yaml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, RunResult]:
    folder = tmp_path_factory.mktemp("regress")
    return folder, run_recipe(load_recipe(made_recipe(folder)), Workspace(folder / "root"), Silent())


@pytest.fixture(scope="module")
def address(finished: tuple[Path, RunResult]) -> Iterator[str]:
    with serving(finished[1].folder) as address:
        yield address


def test_a_recipe_ends_with_a_model_that_answers_in_the_unit_of_the_targets(finished: tuple[Path, RunResult]):
    bundle = open_bundle(finished[1].folder)
    manifest = bundle.manifest
    assert (manifest.task, manifest.labels) == ("regress", [])
    assert manifest.scale is not None
    assert 4_000 < manifest.scale.mean < 7_000
    assert manifest.metrics["test_pearson"] > 0.8
    assert manifest.metrics["test_rmse"] < 1_000
    predictor = Predictor(bundle, RUNTIMES["onnx"](bundle))
    good, bad = predictor.predict(["很好的第1家␞很好7", "很差的第1家␞很差7"])
    assert isinstance(good, Estimate)
    assert good.value > 7_000 > 3_500 > bad.value


def test_the_report_draws_truth_against_answer(finished: tuple[Path, RunResult]):
    page = (finished[1].folder / "report.html").read_text(encoding="utf-8")
    assert all(said in page for said in ("plot scatter", "always the mean", "Answer less truth", "Furthest off"))
    assert "is deployed: RMSE" in finished[1].choice
    assert "unseen texts it is off by" in finished[1].verdict


def test_recorded_values_are_given_again_over_http_in_any_way(finished: tuple[Path, RunResult], address: str):
    bundle = open_bundle(finished[1].folder)
    rows = read_golden(bundle)
    assert all(set(row.scores) == {"value"} for row in rows)
    with wenlu.Client(address) as client:
        answers = client.predict([row.text for row in rows])
        assert client.model().task == "regress"
        with pytest.raises(WenluError, match="it answers with a number"):
            client.sentiment("很好")
    for row, answer in zip(rows, answers, strict=True):
        assert answer.value == pytest.approx(row.scores["value"], abs=bundle.manifest.tolerance)
        assert answer.scores == {}


def test_a_value_that_differs_keeps_the_service_from_starting(finished: tuple[Path, RunResult], tmp_path: Path):
    folder = tmp_path / "b"
    shutil.copytree(finished[1].folder, folder)
    rows = read_golden(open_bundle(folder))
    rows[0] = msgspec.structs.replace(rows[0], scores={"value": rows[0].scores["value"] + 1})
    (folder / GOLDEN).write_bytes(b"".join(msgspec.json.encode(row) + b"\n" for row in rows))
    manifest = read_manifest(folder)
    seal(folder, Description(**{name: getattr(manifest, name) for name in Description.model_fields}))
    with pytest.raises(WenluError, match=r"1 of \d+ recorded answers differ"):
        serve(folder, port=0)


def test_the_command_line_answers_texts_and_files(finished: tuple[Path, RunResult], address: str, tmp_path: Path):
    (tmp_path / "in.txt").write_text("很好的店␞不错\n很差的店␞一般\n", encoding="utf-8")
    command = [sys.executable, "-m", "wenlu", "predict"]
    options = ["--input", str(tmp_path / "in.txt"), "--output", str(tmp_path / "out.jsonl")]
    subprocess.run([*command, str(finished[1].folder), *options], check=True)
    local = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    asked = subprocess.run([*command, address, "很好的店␞不错"], check=True, capture_output=True).stdout
    assert [set(line) for line in local] == [{"text", "value"}] * 2
    assert json.loads(asked)["value"] == pytest.approx(local[0]["value"], abs=1)


def test_the_interface_says_that_the_answer_is_a_number(address: str):
    import httpx

    described = httpx.get(f"{address}/openapi.json").json()
    assert described["components"]["schemas"]["Estimate"]["properties"] == {"value": {"type": "number"}}
    assert "Predicted" not in described["components"]["schemas"]


def test_texts_with_one_number_can_not_be_learned_from(tmp_path: Path):
    path = tmp_path / "a.tsv"
    path.write_text("".join(f"第{n}家店真的{n * 7919}\t3\n" for n in range(100)), encoding="utf-8")
    data = {"name": "d", "target": "number", "sources": [{"uri": str(path), "text_column": 0, "label_column": 1}]}
    with pytest.raises(WenluError, match="has the number 3"):
        run_recipe(load_recipe(made_recipe(tmp_path, data=data)), Workspace(tmp_path / "root"), Silent())


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"training": {"loss": "focal"}}, "training.loss: focal is a loss of classify, and this recipe is to regress"),
        (
            {"baseline": {"model": "bag", "training": {"loss": "cross_entropy"}}},
            "baseline.training.loss: cross_entropy",
        ),
        ({"task": "classify"}, "data.target is number"),
        ({"task": "classify", "training": {"loss": "mse"}}, "mse is a loss of regress"),
        ({"data": {"name": "d", "sources": [{"uri": "x"}]}, "task": "regress"}, "data.target is label"),
        ({"service": {"positive": "good"}}, "service.positive names a label"),
    ],
)
def test_parts_that_do_not_go_together_are_told_before_anything_runs(
    tmp_path: Path, changes: dict[str, object], said: str
):
    with pytest.raises(WenluError) as caught:
        load_recipe(made_recipe(tmp_path, **changes))
    assert caught.value.code == "bad_settings"
    assert said in str(caught.value)


def test_what_a_recipe_aims_at_goes_without_saying(tmp_path: Path):
    assert load_recipe(made_recipe(tmp_path)).recipe.aim == "regress"
