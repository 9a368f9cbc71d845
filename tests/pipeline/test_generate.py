from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import yaml
from tests.pipeline.test_run import Listening

from wenlu.base.errors import WenluError
from wenlu.base.events import Silent
from wenlu.bundle.export.write import write_export
from wenlu.bundle.parity import read_golden
from wenlu.bundle.sampling import Sampling
from wenlu.bundle.seal import open_bundle
from wenlu.bundle.shelf import find_model
from wenlu.bundle.writer import Writer
from wenlu.pipeline.loading import load_recipe
from wenlu.pipeline.run import RunResult, run_recipe
from wenlu.serving.runtimes import WRITERS
from wenlu.serving.service import serve
from wenlu.storage.workspace import Workspace

PARTS = (("床前", "山中", "江上"), ("明月", "白雲", "秋風"), ("光", "起", "寒"))
JAPANESE = (("吾輩は", "先生は", "彼女は"), ("猫である", "書生である", "人間である"), ("。", "と云う。", "らしい。"))


def lines(parts: tuple[tuple[str, ...], ...], number: int) -> str:
    chance = random.Random(parts[0][0])
    made = ("".join(chance.choice(some) for some in parts for _ in range(2)) for _ in range(number))
    return "\n".join(f"{line}{place}" for place, line in enumerate(made))


def made_recipe(folder: Path, **more: object) -> Path:
    """A language model of 600 made-up lines in two languages, trained in seconds."""
    (folder / "zh.txt").write_text(lines(PARTS, 300), encoding="utf-8")
    (folder / "ja.txt").write_text(lines(JAPANESE, 300), encoding="utf-8")
    data = {
        "wenlu": 1,
        "name": "tiny-lm",
        "data": {
            "name": "tiny-lines",
            "sources": [{"uri": str(folder / name), "format": "lines"} for name in ("zh.txt", "ja.txt")],
            "clean": {"normalize": []},
            "dedup": {"near": None},
        },
        "text": {"normalize": [], "tokenizer": {"name": "bpe", "max_size": 400}},
        "model": {"name": "decoder", "hidden": 32, "layers": 2, "heads": 2, "kv_heads": 1, "head": 16,
                  "intermediate": 64, "context": 64},
        "training": {"packing": {"length": 32}, "batch": 16, "epochs": 8, "precision": "float32",
                     "optimizer": {"name": "adamw", "learning_rate": 0.01}},
        **more,
    }  # fmt: skip
    path = folder / "tiny.yaml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, RunResult]:
    folder = tmp_path_factory.mktemp("lm")
    workspace = Workspace(folder / "root")
    return workspace, run_recipe(load_recipe(made_recipe(folder)), workspace, Silent())


@pytest.fixture(scope="module")
def writer(run: tuple[Workspace, RunResult]) -> Writer:
    bundle = open_bundle(find_model(run[0], "tiny-lm"))
    return Writer(bundle, WRITERS["torch"](bundle))


def test_a_recipe_ends_with_a_model_that_foretells_its_kind_of_text(run: tuple[Workspace, RunResult], writer: Writer):
    known, strange = writer.surprises(["床前明月光江上白雲起7", "7起雲白上江光月明前床"]).nats
    assert known < strange - 20  # nats: some hundred million times as probable
    manifest = writer.bundle.manifest
    assert manifest.metrics["test_bits_per_character"] < 4
    assert (manifest.task, manifest.max_length) == ("generate", 64)


@pytest.mark.parametrize("prompt", ["床前", "吾輩は", "", "👨‍👩‍👧"])
def test_what_it_streams_is_what_it_writes_at_once(writer: Writer, prompt: str):
    sampling = Sampling(length=24, temperature=0.9, seed=3)
    whole = writer.write(prompt, sampling)
    assert "".join(writer.stream(prompt, sampling)) == whole.text.replace("\ufffd", "")
    assert writer.write(prompt, sampling) == whole


def test_it_writes_on_in_the_script_it_was_begun_in(writer: Writer):
    written = writer.write("吾輩は", Sampling(length=12)).text
    assert any("ぁ" <= character <= "ん" for character in written)


def test_recorded_answers_are_given_again(writer: Writer):
    rows = read_golden(writer.bundle)
    assert len(rows) > 20
    found = writer.surprises([row.text for row in rows])
    assert (found.nats / found.tokens).tolist() == pytest.approx([row.scores["nats"] for row in rows], rel=1e-5)
    assert [writer.write(row.text, Sampling(length=16)).text for row in rows[:5]] == [row.label for row in rows[:5]]


def test_a_text_longer_than_the_context_is_read_whole(writer: Writer):
    long = "床前明月光" * 60
    found = writer.surprises([long])
    assert found.tokens[0] > 64
    assert 0 < found.nats[0] < 60 * float(writer.surprises(["床前明月光"]).nats[0])


def test_texts_are_as_surprising_among_others_as_alone(writer: Writer):
    texts = ["床前明月光", "吾輩は猫である", "光" * 100]
    alone = [float(writer.surprises([text]).nats[0]) for text in texts]
    assert writer.surprises(texts).nats.tolist() == pytest.approx(alone, rel=1e-5)


def test_the_report_shows_samples_and_what_counting_needs(run: tuple[Workspace, RunResult]):
    page = (run[1].folder / "report.html").read_text(encoding="utf-8")
    assert "Samples" in page
    assert "counting n-grams" in page
    assert "<script" not in page


def test_its_folder_opens_in_transformers_with_the_same_surprise(tmp_path: Path, writer: Writer):
    transformers = pytest.importorskip("transformers")
    write_export(writer.bundle, tmp_path / "hf", to="hf")
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path / "hf")
    model = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "hf", dtype=torch.float32)
    text, end = "床前明月光江上白雲起", writer.bundle.pipeline.tokenizer.end_id
    ids = torch.tensor([[end, *tokenizer(text, add_special_tokens=False)["input_ids"], end]])
    with torch.inference_mode():
        loss = model(ids, labels=ids).loss.item() * (ids.size(1) - 1)
    assert loss == pytest.approx(float(writer.surprises([text]).nats[0]), rel=1e-4)
    with pytest.raises(WenluError, match="there already"):
        write_export(writer.bundle, tmp_path / "hf", to="hf")
    with pytest.raises(WenluError, match="can't be written as 'onnx'"):
        write_export(writer.bundle, tmp_path / "x.onnx", to="onnx")


def test_it_is_not_served_and_says_what_to_do_instead(writer: Writer):
    with pytest.raises(WenluError, match="language model") as caught:
        serve(writer.bundle.folder, port=0)
    assert "wenlu predict" in caught.value.hint


def test_a_language_model_needs_texts_to_be_judged_by(tmp_path: Path):
    recipe = load_recipe(made_recipe(tmp_path), settings=["data.split={train: 1, validation: 0, test: 0}"])
    with pytest.raises(WenluError, match="no text in: validation, test"):
        run_recipe(recipe, Workspace(tmp_path), Silent())


def test_a_classifier_writes_nothing(writer: Writer):
    manifest = writer.bundle.manifest.model_copy(update={"task": "classify", "labels": ["a", "b"]})
    bundle = replace(writer.bundle, manifest=manifest)
    with pytest.raises(WenluError, match="is a model to classify"):
        Writer(bundle, writer._runtime)


def test_what_it_writes_on_the_way_is_in_the_journal_and_another_sample_is_no_other_training(tmp_path: Path):
    path = made_recipe(tmp_path)
    samples = "training.samples={prompts: [床前, 吾輩は], length: 8}"
    settings = ["training.epochs=2", samples]
    run = run_recipe(load_recipe(path, settings=settings), Workspace(tmp_path), Silent()).run
    journal = (tmp_path / "runs" / run / "journal.jsonl").read_text(encoding="utf-8").splitlines()
    written = [event for event in map(json.loads, journal) if event["event"] == "wrote"]
    assert [one["prompt"] for one in written] == ["床前", "吾輩は"] * 2
    again = run_recipe(load_recipe(path, settings=settings[:1]), Workspace(tmp_path), events := Listening())
    assert "training decoder" in events.reused
    assert again.model.startswith("tiny-lm@")


def test_samples_of_a_model_that_writes_nothing_are_a_mistake(tmp_path: Path):
    path = made_recipe(tmp_path)
    with pytest.raises(WenluError, match=r"training\.samples: lstm is no language model"):
        load_recipe(path, settings=["model=lstm", "training.samples={prompts: [床前]}"])


def test_a_loss_of_another_task_is_told_before_anything_runs(tmp_path: Path):
    path = made_recipe(tmp_path)
    with pytest.raises(WenluError, match="focal is a loss of classify"):
        load_recipe(path, settings=["training.loss=focal"])
