"""Recipes whose model learns from texts without labels first."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from safetensors.torch import load_file
from tests.pipeline.test_regress import made_recipe as recipe_of_numbers
from tests.pipeline.test_run import BAD, GOOD, Listening, reviews

from wenlu.base.errors import WenluError
from wenlu.base.events import Silent
from wenlu.bundle.manifest import WEIGHTS
from wenlu.bundle.seal import open_bundle
from wenlu.bundle.shelf import find_model, list_models
from wenlu.corpus.version import DatasetVersion
from wenlu.pipeline.loading import load_recipe
from wenlu.pipeline.run import RunResult, run_recipe
from wenlu.pipeline.stages.pretraining import leaking
from wenlu.storage.workspace import Workspace

pytestmark = pytest.mark.timeout(600)  # exports, a process of its own each

ENCODER = {"name": "encoder", "width": 16, "heads": 2, "layers": 1, "inner": 32}
SMALL = {"batch": 32, "epochs": 3, "checkpoint_every": 2, "optimizer": {"name": "adam", "learning_rate": 0.02}}


class Told(Listening):
    """Keeps what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def result(self, line: str) -> None:
        self.lines.append(line)


def made_recipe(folder: Path, **changes: Any) -> Path:
    """160 labelled reviews in two languages, and 700 without labels, among which are all of the labelled ones."""
    for name, phrases in (("good", GOOD), ("bad", BAD)):
        (folder / f"{name}.txt").write_text(reviews(phrases, 80), encoding="utf-8")
    chance = random.Random(1)
    strange = [f"{chance.choice(GOOD + BAD)}的{place * 7919}号店，{chance.choice(GOOD + BAD)}" for place in range(540)]
    labelled = [line for name in ("good", "bad") for line in (folder / f"{name}.txt").read_text().splitlines()]
    rows = [{"text": text, "label": "whatever"} for text in [*strange, *(f"{line}！" for line in labelled)]]
    chance.shuffle(rows)
    (folder / "more.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    data = {
        "wenlu": 1,
        "name": "tiny",
        "data": {
            "name": "tiny",
            "sources": [{"uri": str(folder / f"{name}.txt"), "label": name} for name in ("good", "bad")],
            "dedup": {"near": None},
        },
        "text": {"tokenizer": {"name": "char", "min_count": 1}, "max_length": 32},
        "model": ENCODER,
        "pretraining": {"sources": [{"uri": str(folder / "more.jsonl")}], "training": SMALL},
        "training": SMALL,
        "baseline": {"text": {"tokenizer": "char"}, "model": {"name": "bag", "buckets": 512}, "training": SMALL},
        **changes,
    }
    path = folder / "tiny.yaml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, RunResult, Told]:
    folder, events = tmp_path_factory.mktemp("finished"), Told()
    return folder, run_recipe(load_recipe(made_recipe(folder)), Workspace(folder / "root"), events), events


def test_no_validation_or_test_text_nor_one_like_it_is_learned_from(finished: tuple[Path, RunResult, Told]):
    workspace = Workspace(finished[0] / "root")
    labelled, texts = (DatasetVersion.open(workspace, name) for name in ("tiny", "tiny-unlabelled"))
    held_out = {body for split in ("validation", "test") for body in labelled.bodies(split)}
    learned = {body.rstrip("!") for split in ("train", "validation") for body in texts.bodies(split)}
    assert held_out
    assert not held_out & learned
    assert leaking(texts) >= len(held_out)
    assert any(line.startswith(f"{leaking(texts):,} texts are left out") for line in finished[2].lines)


def test_all_other_texts_are_learned_from_without_their_labels(finished: tuple[Path, RunResult, Told]):
    workspace = Workspace(finished[0] / "root")
    labelled, texts = (DatasetVersion.open(workspace, name) for name in ("tiny", "tiny-unlabelled"))
    learned = {body for split in ("train", "validation") for body in texts.bodies(split)}
    assert texts.labels == []
    assert texts.count("train") > 10 * texts.count("validation") > 0
    assert len([body for body in learned if "号店" in body]) > 400
    near = texts.manifest.counts.dropped["near_duplicate"]  # a training text is not learned from twice
    assert len(set(labelled.bodies("train")) & learned) > labelled.count("train") - near


def test_the_classifier_begins_with_the_backbone(finished: tuple[Path, RunResult, Told]):
    assert any("tensors of the pretraining; begun anew: output" in line for line in finished[2].lines)


def test_what_was_learned_is_told_in_manifest_and_report(finished: tuple[Path, RunResult, Told]):
    workspace = Workspace(finished[0] / "root")
    manifest = next(one for one, _ in list_models(workspace) if one.architecture.name == "encoder")
    told = manifest.lineage.pretraining
    assert told is not None
    assert told.dataset == DatasetVersion.open(workspace, "tiny-unlabelled").reference
    assert told.texts > 400
    assert told.epochs == 3
    assert 0 < told.accuracy < 1
    page = (find_model(workspace, f"tiny@{manifest.version}") / "report.html").read_text(encoding="utf-8")
    assert "Pretraining" in page
    assert told.dataset in page
    bag = next(one for one, _ in list_models(workspace) if one.architecture.name == "bag")
    assert bag.lineage.pretraining is None
    assert "Guessed right there" not in (find_model(workspace, f"tiny@{bag.version}") / "report.html").read_text()


def test_an_unchanged_recipe_is_not_pretrained_again(finished: tuple[Path, RunResult, Told]):
    events = Told()
    again = run_recipe(load_recipe(finished[0] / "tiny.yaml"), Workspace(finished[0] / "root"), events)
    assert events.made == []
    assert again.model == finished[1].model


@pytest.mark.slow
def test_only_the_pretraining_and_what_rests_on_it_is_run_again_where_it_changes(
    finished: tuple[Path, RunResult, Told],
):
    root, events = finished[0] / "root", Told()
    settings = ["pretraining.mask=0.3", "training.freeze=['backbone.*']", "training.epochs=1"]
    before = set((root / "stages").iterdir())
    run_recipe(load_recipe(finished[0] / "tiny.yaml", settings=settings), Workspace(root), events)
    assert events.made == ["pretraining encoder", "training encoder", "export encoder", "evaluation encoder", "model"]
    made = {folder.name.rsplit("-", 1)[0]: folder for folder in set((root / "stages").iterdir()) - before}
    kept, trained = (load_file(made[f"{stage}-encoder"] / WEIGHTS) for stage in ("pretraining", "training"))
    backbone = [name for name in trained if name.startswith("backbone.")]
    assert backbone
    assert all(torch.equal(trained[name], kept[name]) for name in backbone)


@pytest.mark.slow
def test_numbers_are_answered_by_a_backbone_that_was_pretrained_on_pairs(tmp_path: Path):
    rows = [{"a": f"很好的第{place}家", "b": f"とても{place * 6007}"} for place in range(300)]
    (tmp_path / "more.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    source = {"uri": str(tmp_path / "more.jsonl"), "text_column": ["a", "b"]}
    path = recipe_of_numbers(
        tmp_path, model=ENCODER, pretraining={"sources": [source], "training": SMALL}, training={**SMALL, "epochs": 1}
    )
    result = run_recipe(load_recipe(path), Workspace(tmp_path / "root"), events := Told())
    assert "pretraining encoder" in events.made
    models = [one for one, _ in list_models(Workspace(tmp_path / "root")) if one.architecture.name == "encoder"]
    assert [one.lineage.pretraining.texts > 300 for one in models if one.lineage.pretraining] == [True]
    assert "Pretraining" in (
        find_model(Workspace(tmp_path / "root"), f"prices@{models[0].version}") / "report.html"
    ).read_text(encoding="utf-8")
    assert open_bundle(result.folder).manifest.task == "regress"


@pytest.mark.slow
def test_a_start_and_a_pretraining_go_together(finished: tuple[Path, RunResult, Told], tmp_path: Path):
    root = finished[0] / "root"
    start = next(one for one, _ in list_models(Workspace(root)) if one.architecture.name == "encoder")
    data = yaml.safe_load((finished[0] / "tiny.yaml").read_text(encoding="utf-8"))
    del data["text"]
    data |= {"name": "further", "start": f"tiny@{start.version}", "training": {**SMALL, "epochs": 1}}
    (path := tmp_path / "further.yaml").write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    run_recipe(load_recipe(path), Workspace(root), events := Told())
    assert len([line for line in events.lines if f"of tiny@{start.version}" in line]) == 2
    child = next(one for one, _ in list_models(Workspace(root)) if one.lineage.parents)
    assert child.pipeline_digest == start.pipeline_digest
    assert child.lineage.pretraining is not None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"model": "lstm"}, "lstm has no backbone to be trained first; encoder has one"),
        ({"text": {"tokenizer": "char_word"}}, "char_word reads a text twice"),
        ({"model": "decoder"}, "this recipe is to generate"),
        ({"pretraining": {"training": {"loss": "focal"}}}, "pretraining.training: it has no loss"),
        ({"pretraining": {"training": {"optimizer": "adamm"}}}, "Did you mean 'adam"),
        ({"pretraining": {"maks": 0.2}}, "did you mean 'mask'"),
        ({"pretraining": {"mask": 1.0}}, "pretraining.mask = 1.0"),
    ],
)
def test_what_can_not_be_pretrained_is_told_before_anything_runs(tmp_path: Path, changes: dict[str, Any], said: str):
    with pytest.raises(WenluError) as caught:
        load_recipe(made_recipe(tmp_path, **changes))
    assert said in str(caught.value)


def test_too_few_texts_to_hold_any_back_are_a_sentence(tmp_path: Path):
    recipe = load_recipe(made_recipe(tmp_path, pretraining={"sources": []}))
    with pytest.raises(WenluError, match="too few to pretrain on"):
        run_recipe(recipe, Workspace(tmp_path / "root"), Silent())


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("processes", [1, 2])
def test_killed_while_it_pretrains_it_ends_with_the_very_same_model(tmp_path: Path, processes: int):
    path = made_recipe(tmp_path)
    settings = (f"pretraining.training.processes={processes}", "pretraining.training.epochs=8")
    expected = run_recipe(load_recipe(path, settings=settings), Workspace(tmp_path / "whole"), Silent())
    command = [sys.executable, "-m", "wenlu", "run", str(path), "--root", str(tmp_path / "killed"), "--json"]
    command += [part for setting in settings for part in ("--set", setting)]
    kills = 0
    for _ in range(3):
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            work = tmp_path / "killed" / "stages"
            while process.poll() is None and not list(work.glob(".work-*/checkpoints/step-*")):
                time.sleep(0.01)
            process.send_signal(signal.SIGKILL)
        kills += process.returncode == -signal.SIGKILL
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert kills
    assert json.loads(done.stdout)["model"] == expected.model
