from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
import yaml
from safetensors.torch import load_file

from wenlu.base.errors import WenluError
from wenlu.base.events import Silent
from wenlu.bundle.parity import differences, read_golden
from wenlu.bundle.predict import Predictor
from wenlu.bundle.seal import open_bundle
from wenlu.bundle.shelf import find_model, list_models
from wenlu.pipeline.loading import load_recipe
from wenlu.pipeline.run import RunResult, run_recipe
from wenlu.pipeline.stages.dataset import dataset_stage
from wenlu.serving.runtimes import RUNTIMES
from wenlu.storage.workspace import Workspace

Finished = tuple[Path, RunResult, "Listening"]

GOOD = ("很好吃", "房间干净", "とても良い", "また買います", "服务周到", "满意")
BAD = ("太难吃", "房间很脏", "とても悪い", "二度と買わない", "服务很差", "失望")


def reviews(phrases: tuple[str, ...], number: int) -> str:
    chance = random.Random(phrases[0])
    return "\n".join(f"{chance.choice(phrases)}，{chance.choice(phrases)} {place}" for place in range(number))


def made_recipe(tmp_path: Path) -> Path:
    """A recipe over 400 made-up reviews in two languages, small enough to train in a second."""
    for name, phrases in (("good", GOOD), ("bad", BAD)):
        (tmp_path / f"{name}.txt").write_text(reviews(phrases, 200), encoding="utf-8")
    small = {"batch": 32, "epochs": 3, "checkpoint_every": 2, "optimizer": {"name": "adam", "learning_rate": 0.02}}
    data = {
        "wenlu": 1,
        "name": "tiny",
        "data": {
            "name": "tiny",
            "sources": [{"uri": str(tmp_path / f"{name}.txt"), "label": name} for name in ("good", "bad")],
        },
        "text": {"tokenizer": {"name": "char", "min_count": 1}, "max_length": 32},
        "model": {"name": "lstm", "embedding": 8, "hidden": 8, "layers": 1},
        "training": small,
        "baseline": {"text": {"tokenizer": "char"}, "model": {"name": "bag", "buckets": 512}, "training": small},
        "service": {"positive": "good"},
    }
    path = tmp_path / "tiny.yaml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """A recipe run once, in the folder `root` beside it. Exporting takes seconds, so tests share it or copy it."""
    folder = tmp_path_factory.mktemp("finished")
    return folder, *run(made_recipe(folder), folder / "root")


@pytest.fixture
def recipe(finished: Finished, tmp_path: Path) -> Path:
    """The recipe, beside a workspace of this test's own in which it has been run."""
    shutil.copytree(finished[0] / "root", tmp_path / "root")
    return finished[0] / "tiny.yaml"


class Listening(Silent):
    def __init__(self) -> None:
        self.made: list[str] = []
        self.reused: list[str] = []

    def stage(self, name: str, *, reused: bool) -> None:
        (self.reused if reused else self.made).append(name)


def run(recipe: Path, root: Path, *settings: str) -> tuple[RunResult, Listening]:
    events = Listening()
    return run_recipe(load_recipe(recipe, settings=settings), Workspace(root), events), events


def test_a_recipe_ends_with_a_model_that_answers_as_the_trained_one_did(finished: Finished):
    folder, result, events = finished
    assert len(events.made) == 11
    bundle = open_bundle(result.folder)
    rows = read_golden(bundle)
    answers = Predictor(bundle, RUNTIMES["onnx"](bundle)).predict([row.text for row in rows])
    assert differences(rows, [answer.scores for answer in answers], tolerance=1e-5) == []
    assert [answer.label for answer in answers] == [row.label for row in rows]
    assert bundle.manifest.metrics["test_accuracy"] > 0.9
    assert bundle.manifest.lineage.dataset.startswith("tiny@")
    assert "<svg" in (result.folder / "report.html").read_text(encoding="utf-8")
    assert find_model(Workspace(folder / "root"), "tiny") == result.folder


def test_every_model_has_its_temperature_and_the_report_its_examination(finished: Finished):
    for manifest, _ in list_models(Workspace(finished[0] / "root")):
        assert manifest.temperature != 1.0
        assert 0 <= manifest.metrics["test_calibration_error"] < 0.2
        report = (finished[0] / "root" / "models" / manifest.name / manifest.version / "report.html").read_text("utf-8")
        for heading in ("Ranking", "Calibration", "Slices", "Robustness"):
            assert f"<h2>{heading}</h2>" in report


def test_a_threshold_makes_another_version_of_the_same_weights(recipe: Path, tmp_path: Path):
    result, events = run(recipe, tmp_path / "root", "service.abstain=0.7")
    assert not any(stage.startswith("training") for stage in events.made)
    manifest = open_bundle(result.folder).manifest
    assert manifest.abstain == 0.7
    assert len(list(list_models(Workspace(tmp_path / "root")))) == 4


def test_both_models_are_on_the_shelf_and_one_is_current(finished: Finished):
    models = list(list_models(Workspace(finished[0] / "root")))
    assert sorted(manifest.architecture.name for manifest, _ in models) == ["bag", "lstm"]
    assert [current for _, current in models].count(True) == 1


def test_a_run_leaves_its_record(finished: Finished):
    folder = finished[0] / "root" / "runs" / finished[1].run
    record = json.loads((folder / "run.json").read_text())
    assert record["state"] == "succeeded"
    assert record["model"] == finished[1].model
    events = [json.loads(line) for line in (folder / "journal.jsonl").read_text().splitlines()]
    assert {event["event"] for event in events} == {"stage", "progress", "measured", "result"}
    assert (folder / "recipe.yaml").read_text() == (finished[0] / "tiny.yaml").read_text()


def test_an_unchanged_recipe_takes_every_stage_from_before(finished: Finished, recipe: Path, tmp_path: Path):
    again, events = run(recipe, tmp_path / "root")
    assert events.made == []
    assert (again.model, again.verdict) == (finished[1].model, finished[1].verdict)


def test_a_model_that_has_to_see_the_training_texts_sees_them(recipe: Path, tmp_path: Path):
    data = yaml.safe_load(recipe.read_text(encoding="utf-8"))
    data["text"]["tokenizer"] = {"name": "char_word", "min_count": 1}
    data["model"] = {"name": "linear", "features": 4096}
    changed = tmp_path / "linear.yaml"
    changed.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    run(changed, tmp_path / "root")
    models = [manifest for manifest, _ in list_models(Workspace(tmp_path / "root"))]
    (linear,) = [manifest for manifest in models if manifest.architecture.name == "linear"]
    assert linear.metrics["test_accuracy"] > 0.9


def test_only_what_changed_is_run_again(recipe: Path, tmp_path: Path):
    _, events = run(recipe, tmp_path / "root", "training.clip=4.0")
    assert events.made == ["training lstm", "export lstm", "evaluation lstm", "model"]


def test_a_changed_source_is_another_dataset(recipe: Path, tmp_path: Path):
    for name in ("good", "bad"):
        shutil.copy(recipe.parent / f"{name}.txt", tmp_path)
    config = load_recipe(recipe, settings=[f"data.sources=[{{uri: {tmp_path}/good.txt, label: good}}]"]).recipe.data
    before = dataset_stage(config, Workspace(tmp_path / "root")).fingerprint()
    with (tmp_path / "good.txt").open("a", encoding="utf-8") as file:
        file.write("\n后来才写的好评\n")
    assert dataset_stage(config, Workspace(tmp_path / "root")).fingerprint() != before


@pytest.mark.slow
def test_the_same_recipe_gives_the_same_model_version_elsewhere(finished: Finished, tmp_path: Path):
    result, _ = run(finished[0] / "tiny.yaml", tmp_path / "elsewhere")
    assert result.model == finished[1].model


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("service.positive=nice", "the labels are: bad, good"),
        ("data.clean.min_length=1000", "Nothing is left"),
        ("data.split.test=0", "no text in: test"),
    ],
)
def test_what_can_not_be_trained_is_a_sentence_in_the_record(recipe: Path, tmp_path: Path, setting: str, said: str):
    with pytest.raises(WenluError, match=said):
        run(recipe, tmp_path / "other", setting)
    (record,) = (tmp_path / "other" / "runs").glob("*/run.json")
    assert json.loads(record.read_text())["state"] == "failed"


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_killed_again_and_again_it_ends_with_the_very_same_model(finished: Finished, tmp_path: Path):
    recipe, expected = finished[0] / "tiny.yaml", finished[1]
    command = [sys.executable, "-m", "wenlu", "run", str(recipe), "--root", str(tmp_path / "killed"), "--json"]
    chance, kills = random.Random(1), 0
    for _ in range(20):
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=os.environ) as process:
            time.sleep(chance.uniform(0.5, 5.0))
            process.send_signal(signal.SIGKILL)
            process.wait()
        kills += process.returncode == -signal.SIGKILL
        for manifest, _ in list_models(Workspace(tmp_path / "killed")):
            open_bundle(find_model(Workspace(tmp_path / "killed"), f"{manifest.name}@{manifest.version}"))
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert kills > 3
    assert json.loads(done.stdout)["model"] == expected.model


def test_a_run_may_begin_with_a_model_of_before_and_its_words(recipe: Path, tmp_path: Path):
    with pytest.raises(WenluError, match="nobody"):
        run(recipe, tmp_path / "root", "start=nobody")
    workspace = Workspace(tmp_path / "root")
    start = next(one for one, _ in list_models(workspace) if one.architecture.name == "lstm")
    title = f"tiny@{start.version}"
    again = recipe.with_name("again.yaml")
    data = yaml.safe_load(recipe.read_text())
    del data["text"]
    data |= {"name": "again", "start": title, "training": {**data["training"], "epochs": 1, "freeze": ["embedding*"]}}
    again.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    run(again, tmp_path / "root")
    child = next(one for one, _ in list_models(workspace) if one.lineage.parents)
    assert child.lineage.parents == [title]
    assert child.pipeline_digest == start.pipeline_digest
    old, new = (find_model(workspace, f"{one.name}@{one.version}") for one in (start, child))
    weights = [load_file(folder / "weights.safetensors") for folder in (old, new)]
    assert torch.equal(weights[0]["embedding.weight"], weights[1]["embedding.weight"])
    assert not torch.equal(weights[0]["output.weight"], weights[1]["output.weight"])
