from __future__ import annotations

import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
import yaml

from wenlu.base.errors import WenluError
from wenlu.base.events import Silent
from wenlu.bundle.decoding import Decoding
from wenlu.bundle.export.write import write_export
from wenlu.bundle.parity import read_golden
from wenlu.bundle.rewriter import Rewriter
from wenlu.bundle.seal import open_bundle
from wenlu.bundle.shelf import find_model
from wenlu.pipeline.loading import load_recipe
from wenlu.pipeline.run import RunResult, run_recipe
from wenlu.pipeline.tune import tune
from wenlu.serving.runtimes import REWRITERS
from wenlu.serving.service import serve
from wenlu.storage.workspace import Workspace

# Old words and new ones, of both languages: a target is its source word by word, so a small model learns it in seconds.
WORDS = {"吾": "我", "汝": "你", "往": "去", "曰": "说", "食": "吃", "此": "这", "彼": "那", "目": "眼",
         "候ふ": "ます", "けふ": "今日", "いふ": "言う", "かへる": "帰る"}  # fmt: skip


def pairs(number: int, *, most: int = 4) -> list[tuple[str, str]]:
    chance = random.Random(1)
    made = {tuple(chance.choices(list(WORDS), k=chance.randint(2, most))) for _ in range(number)}
    return [("".join(row), "".join(WORDS[word] for word in row)) for row in sorted(made)]


def made_recipe(folder: Path, **more: object) -> Path:
    lines = [f"古文：{old}\n现代文：{new}\n" for old, new in pairs(600)]
    (folder / "bitext.txt").write_text("\n".join(lines), encoding="utf-8")
    data = {
        "wenlu": 1,
        "name": "tiny-modern",
        "data": {
            "name": "tiny-pairs",
            "sources": [
                {"uri": str(folder / "bitext.txt"), "format": "bitext", "line_marks": ["古文：", "现代文："]},
            ],
            "clean": {"normalize": []},
            "dedup": {"near": None},
        },
        "text": {"normalize": [], "tokenizer": {"name": "char", "min_count": 1}, "max_length": 32},
        "model": {"name": "seq2seq", "hidden": 48, "encoder_layers": 1, "decoder_layers": 1, "heads": 2,
                  "intermediate": 96, "dropout": 0.0},
        "training": {"batch": 16, "epochs": 16, "precision": "float32",
                     "optimizer": {"name": "adamw", "learning_rate": 0.005}},
        **more,
    }  # fmt: skip
    path = folder / "tiny.yaml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    return path


def opened(workspace: Workspace, name: str) -> Rewriter:
    bundle = open_bundle(find_model(workspace, name))
    return Rewriter(bundle, REWRITERS["torch"](bundle))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, RunResult]:
    folder = tmp_path_factory.mktemp("seq2seq")
    workspace = Workspace(folder / "root")
    return workspace, run_recipe(load_recipe(made_recipe(folder)), workspace, Silent())


@pytest.fixture(scope="module")
def rewriter(run: tuple[Workspace, RunResult]) -> Rewriter:
    return opened(run[0], "tiny-modern")


def test_a_recipe_ends_with_a_model_that_rewrites_what_it_has_never_seen(rewriter: Rewriter):
    manifest = rewriter.bundle.manifest
    assert (manifest.task, manifest.max_length, manifest.labels) == ("seq2seq", 32, [])
    assert manifest.metrics["test_rouge_l"] > 0.9
    assert manifest.metrics["test_exact"] > 0.7
    assert 1 < manifest.metrics["test_perplexity"] < 1.5
    answers = rewriter.rewrite(["吾往汝食", "けふかへるいふ"], Decoding())
    assert [one.text for one in answers] == ["我去你吃", "今日帰る言う"]
    assert all(one.ended for one in answers)


def test_an_answer_does_not_hang_on_what_else_is_asked(rewriter: Rewriter):
    texts = [old for old, _ in pairs(60)] + ["☆", "", "吾" * 100]
    for decoding in (Decoding(length=20), Decoding(length=20, beams=3)):
        together = rewriter.rewrite(texts, decoding)
        assert together == [rewriter.rewrite([text], decoding)[0] for text in texts]


def test_targets_are_as_surprising_among_others_as_alone(rewriter: Rewriter):
    some = pairs(40)
    found = rewriter.surprises([old for old, _ in some], [new for _, new in some])
    alone = [float(rewriter.surprises([old], [new]).nats[0]) for old, new in some]
    assert found.nats.tolist() == pytest.approx(alone, rel=1e-4, abs=1e-5)
    right, wrong = rewriter.surprises(["吾往", "吾往"], ["我去", "你说"]).nats
    assert right < 1 < wrong


def test_recorded_answers_are_given_again(rewriter: Rewriter):
    rows = read_golden(rewriter.bundle)
    assert len(rows) > 20
    texts = [row.text for row in rows]
    assert [one.text for one in rewriter.rewrite(texts, Decoding(length=32))] == [row.label for row in rows]
    found = rewriter.surprises(texts, [row.label for row in rows])
    assert (found.nats / found.tokens).tolist() == pytest.approx([row.scores["nats"] for row in rows], rel=1e-4)
    assert not any("␞" in text for text in texts)


def test_the_report_shows_text_target_and_answer_beside_what_nobody_had_to_learn(run: tuple[Workspace, RunResult]):
    page = (run[1].folder / "report.html").read_text(encoding="utf-8")
    for words in ("Examples", "copying the text", "its first sentence", "Farthest off", "chrF"):
        assert words in page
    assert "<script" not in page
    assert "ROUGE-L" in run[1].verdict


def test_the_command_line_answers_with_the_text(run: tuple[Workspace, RunResult]):
    command = [sys.executable, "-m", "wenlu", "predict", "tiny-modern", "汝食此目", "--root", str(run[0].root)]
    for more in ([], ["--beams", "4", "--no-repeat", "3", "--length", "8"]):
        done = subprocess.run([*command, *more], capture_output=True, text=True, check=True)
        assert msgspec.json.decode(done.stdout) == {"text": "汝食此目", "written": "你吃这眼"}
    wrong = subprocess.run([*command, "--beams", "0"], capture_output=True, text=True, check=False)
    assert wrong.returncode == 1
    assert "beams = 0" in wrong.stderr
    assert "Traceback" not in wrong.stderr


@pytest.mark.slow
def test_a_text_that_is_its_own_target_needs_no_pair(tmp_path: Path):
    path = made_recipe(tmp_path, task="autoencode")
    (tmp_path / "lines.txt").write_text("\n".join(f"{old}{new}" for old, new in pairs(300)), encoding="utf-8")
    sources = [{"uri": str(tmp_path / "lines.txt"), "format": "lines"}]
    recipe = load_recipe(path, settings=[f"data.sources={sources}", "training.epochs=24"])
    workspace = Workspace(tmp_path / "root")
    result = run_recipe(recipe, workspace, Silent())
    found = opened(workspace, "tiny-modern")
    assert found.bundle.manifest.metrics["test_exact"] > 0.5
    assert "letter for letter" in result.verdict
    assert "copying" not in (result.folder / "report.html").read_text(encoding="utf-8")


def test_texts_that_are_no_pairs_are_told_of(tmp_path: Path):
    (tmp_path / "lines.txt").write_text("\n".join(f"只有一半{number}" for number in range(60)), encoding="utf-8")
    sources = [{"uri": str(tmp_path / "lines.txt"), "format": "lines"}]
    recipe = load_recipe(made_recipe(tmp_path), settings=[f"data.sources={sources}"])
    with pytest.raises(WenluError, match="is no pair") as caught:
        run_recipe(recipe, Workspace(tmp_path), Silent())
    assert "autoencode" in caught.value.hint


def test_a_target_longer_than_the_model_writes_is_cut_and_has_no_end(tmp_path: Path):
    recipe = load_recipe(made_recipe(tmp_path), settings=["text.max_length=3", "training.epochs=1"])
    workspace = Workspace(tmp_path / "root")
    run_recipe(recipe, workspace, Silent())
    found = opened(workspace, "tiny-modern").surprises(["吾往吾往"], ["我去我去"])
    assert found.tokens.tolist() == [3]


@pytest.mark.slow
def test_two_processes_train_it_together_and_it_is_as_good(tmp_path: Path):
    recipe = load_recipe(made_recipe(tmp_path), settings=["training.processes=2"])
    workspace = Workspace(tmp_path / "root")
    run_recipe(recipe, workspace, Silent())
    assert opened(workspace, "tiny-modern").bundle.manifest.metrics["test_rouge_l"] > 0.9


@pytest.mark.slow
def test_better_settings_are_looked_for(tmp_path: Path):
    pytest.importorskip("optuna")
    found = tune(made_recipe(tmp_path), Workspace(tmp_path / "root"), Silent(), budget=120, trials=1)
    assert found.measure == "validation_loss"
    assert 0 < found.value < 1


def test_it_is_neither_served_nor_exported_and_says_so(rewriter: Rewriter, tmp_path: Path):
    with pytest.raises(WenluError, match="from text to text") as caught:
        serve(rewriter.bundle.folder, port=0)
    assert "wenlu predict" in caught.value.hint
    for form in ("hf", "onnx"):
        with pytest.raises(WenluError, match="can't be written as"):
            write_export(rewriter.bundle, tmp_path / form, to=form)


def test_a_classifier_rewrites_nothing(rewriter: Rewriter):
    manifest = rewriter.bundle.manifest.model_copy(update={"task": "classify", "labels": ["a", "b"]})
    with pytest.raises(WenluError, match="is a model to classify"):
        Rewriter(replace(rewriter.bundle, manifest=manifest), rewriter._runtime)


def test_a_loss_of_another_task_is_told_before_anything_runs(tmp_path: Path):
    path = made_recipe(tmp_path)
    with pytest.raises(WenluError, match="focal is a loss of classify"):
        load_recipe(path, settings=["training.loss=focal"])
    for task in ("seq2seq", "autoencode"):
        smoothed = "training.loss={name: token_cross_entropy, label_smoothing: 0.1}"
        assert load_recipe(path, settings=[smoothed, f"task={task}"]).recipe.aim == task
