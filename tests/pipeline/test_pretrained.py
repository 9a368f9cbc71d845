from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from safetensors.torch import load_file, save_file
from tests.pretrained import bert_folder, decoder_folder
from torch import Tensor

from wenlu.base.errors import WenluError
from wenlu.bundle.export.write import write_export
from wenlu.bundle.manifest import REPORT_JSON
from wenlu.bundle.predict import Predictor
from wenlu.bundle.sampling import Sampling
from wenlu.bundle.seal import open_bundle
from wenlu.bundle.shelf import find_model
from wenlu.bundle.writer import Writer
from wenlu.pipeline.loading import load_recipe
from wenlu.pipeline.run import RunResult, run_recipe
from wenlu.serving.runtimes import RUNTIMES, WRITERS
from wenlu.storage.workspace import Workspace

GOOD = ("很好吃", "房间干净", "とても良い", "また買います", "服务周到", "满意")
BAD = ("太难吃", "房间很脏", "とても悪い", "二度と買わない", "服务很差", "失望")


class Told:
    """Events that keep what a user is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.stages: list[tuple[str, bool]] = []

    def stage(self, name: str, *, reused: bool) -> None:
        self.stages.append((name, reused))

    def progress(self, done: int, total: int | None, note: str = "") -> None:
        """Nobody looks."""

    def measured(self, step: int, values: object) -> None:
        """Nobody looks."""

    def result(self, line: str) -> None:
        self.lines.append(line)

    def said(self, part: str) -> bool:
        return any(part in line for line in self.lines)


def reviews(phrases: tuple[str, ...], number: int) -> list[str]:
    chance = random.Random(phrases[0])
    return [f"{chance.choice(phrases)}，{chance.choice(phrases)} {place}" for place in range(number)]


def written(folder: Path, **more: Any) -> Path:
    """A recipe over 240 made-up reviews in two languages."""
    folder.mkdir(exist_ok=True)
    for name, phrases in (("good", GOOD), ("bad", BAD)):
        (folder / f"{name}.txt").write_text("\n".join(reviews(phrases, 120)), encoding="utf-8")
    sources = [{"uri": str(folder / f"{name}.txt"), "format": "lines", "label": name} for name in ("good", "bad")]
    data = {
        "wenlu": 1,
        "name": "tuned",
        "data": {"name": "reviews", "sources": sources, "clean": {"normalize": []}, "dedup": {"near": None}},
        "text": {"max_length": 32},
        "training": {"batch": 32, "epochs": 4, "precision": "float32",
                     "optimizer": {"name": "adamw", "learning_rate": 0.003}},
        "baseline": {"text": {"tokenizer": "char"}, "model": {"name": "bag", "buckets": 512},
                     "training": {"epochs": 1}},
        **more,
    }  # fmt: skip
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    return path


def model(path: Path, **settings: Any) -> dict[str, Any]:
    return {"name": "pretrained", "path": str(path), **settings}


def texts_of(folder: Path) -> list[str]:
    return [*reviews(GOOD, 120), *reviews(BAD, 120)]


def ran(path: Path, root: Path, *settings: str) -> tuple[Workspace, RunResult, Told]:
    workspace, told = Workspace(root), Told()
    return workspace, run_recipe(load_recipe(path, settings=settings), workspace, told), told


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Workspace, Told]:
    """A BERT that was made a classifier; its folder is gone since."""
    base = tmp_path_factory.mktemp("tuned")
    source = bert_folder(base / "bert", texts_of(base))
    workspace, _, told = ran(written(base / "recipe", model=model(source)), base / "root")
    source.rename(base / "gone")
    return base, workspace, told


def pretrained_bundle(workspace: Workspace) -> Path:
    """Of the two models of a run, the one that is not the baseline."""
    found = [path for path in (workspace.models / "tuned").iterdir() if path.is_dir()]
    return next(path for path in found if open_bundle(path).manifest.architecture.name == "pretrained")


def test_a_folder_becomes_a_classifier_that_needs_it_no_more(tuned: tuple[Path, Workspace, Told]):
    base, workspace, told = tuned
    folder = pretrained_bundle(workspace)
    bundle = open_bundle(folder)
    assert told.said(f"begins with the weights of {base / 'bert'}")
    assert bundle.manifest.metrics["test_accuracy"] > 0.9
    assert bundle.manifest.architecture.config["path"] == ""
    assert bundle.manifest.architecture.config["architecture"]["model_type"] == "bert"
    needed = [path for path in folder.rglob("*.json") if path.name != REPORT_JSON]  # which tells the recipe's text
    assert not [path for path in needed if str(base) in path.read_text(encoding="utf-8")]
    texts = ["房间干净，满意", "とても悪い", "", "很" * 200]
    torch_says, onnx_says = (
        Predictor(bundle, RUNTIMES[name](bundle)).probabilities(texts) for name in ("torch", "onnx")
    )
    assert abs(torch_says - onnx_says).max() < 1e-5


def test_its_special_tokens_stand_around_each_text_within_the_length(tuned: tuple[Path, Workspace, Told]):
    pipeline = open_bundle(pretrained_bundle(tuned[1])).pipeline
    ids = pipeline.encode(["很" * 200, "很好", ""])
    assert [len(row) for row in ids] == [32, 4, 2]
    assert {(row[0], row[-1]) for row in ids} == {(2, 3)}
    together = pipeline.encode_together(["很" * 200, "很好", ""])
    assert together.ids.tolist() == [number for row in ids for number in row]


def language(folder: Path, **more: Any) -> Path:
    """The same texts foretold by a small Qwen3, once through: no export, so it is a matter of seconds."""
    source = decoder_folder(folder / "qwen3", texts_of(folder))
    training = {"batch": 16, "epochs": 1, "precision": "float32", "packing": {"length": 24}, **more.pop("training", {})}
    settings = {
        "model": model(source, context=48),
        "name": "tuned",
        "task": "generate",
        "baseline": None,
        "text": {},
        **more,
    }
    return written(folder / "recipe", training=training, **settings)


def test_a_changed_weight_is_a_changed_run(tmp_path: Path):
    path = language(tmp_path)
    ran(path, tmp_path / "root")
    again = ran(path, tmp_path / "root")[2]
    assert all(reused for name, reused in again.stages if name != "model")
    weights = tmp_path / "qwen3" / "model.safetensors"
    tensors = load_file(weights)
    tensors["model.norm.weight"][7] += 1
    save_file(tensors, weights, metadata={"format": "pt"})
    changed = dict(ran(path, tmp_path / "root")[2].stages)
    assert (changed["tokenizer pretrained"], changed["training pretrained"]) == (True, False)


def trained_weights(workspace: Workspace) -> dict[str, Tensor]:
    return load_file(find_model(workspace, "tuned") / "weights.safetensors")


def test_frozen_parts_of_it_stay_as_they_were_to_the_bit(tmp_path: Path):
    training = {"freeze": ["model.embed*", "model.layers.0.*"], "rates": {"lm_head*": 3.0}}
    after = trained_weights(ran(language(tmp_path, training=training), tmp_path / "root")[0])
    before = load_file(tmp_path / "qwen3" / "model.safetensors")
    frozen = [name for name in after if name.startswith("model.layers.0.")]
    assert len(frozen) == 11
    assert all(torch.equal(after[name], before[name]) for name in frozen)
    assert torch.equal(after["model.embed_tokens.weight"], before["model.embed_tokens.weight"][:300])
    assert not torch.equal(after["model.layers.1.mlp.up_proj.weight"], before["model.layers.1.mlp.up_proj.weight"])


def test_a_bundle_of_it_is_a_start_without_the_folder(tmp_path: Path):
    path = language(tmp_path)
    _, result, _ = ran(path, tmp_path / "root")
    (tmp_path / "qwen3").rename(tmp_path / "gone")
    again = written(
        tmp_path / "again",
        model={"name": "pretrained"},
        start="tuned",
        name="next",
        task="generate",
        baseline=None,
        text={},
    )
    told = ran(again, tmp_path / "root", "training.epochs=1")[2]
    assert told.said(f"begins with 25 of 25 tensors of {result.model}")


@pytest.mark.parametrize("processes", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_with_adapters_the_bundle_has_plain_weights_and_what_no_adapter_stands_beside_is_untouched(
    tmp_path: Path, processes: int
):
    adapter = {"rank": 4, "alpha": 8, "targets": ["q_proj", "v_proj"]}
    path = language(tmp_path, training={"lora": adapter, "processes": processes})
    workspace, _, told = ran(path, tmp_path / "root")
    assert told.said("adapters of rank 4 beside 4 linear layers")
    assert told.said("(896 are trained)")
    before, after = load_file(tmp_path / "qwen3" / "model.safetensors"), trained_weights(workspace)
    assert after.keys() == before.keys()
    held = open_bundle(find_model(workspace, "tuned")).manifest.parameters
    assert held == sum(tensor.numel() for tensor in after.values())
    changed = {name for name in after if not torch.equal(after[name], before[name][: len(after[name])])}
    assert changed == {f"model.layers.{number}.self_attn.{part}_proj.weight" for number in (0, 1) for part in "qv"}


def test_a_decoder_of_our_own_is_adapted_from_where_another_training_ended(tmp_path: Path):
    shape = {"hidden": 32, "layers": 2, "heads": 2, "kv_heads": 1, "head": 16, "intermediate": 64, "context": 64}
    own = {"name": "decoder", **shape}
    text = {"normalize": [], "tokenizer": {"name": "bpe", "max_size": 400}}
    workspace = ran(language(tmp_path, model=own, text=text), tmp_path / "root")[0]
    before = trained_weights(workspace)
    more = {"lora": {}, "epochs": 2}
    path = language(tmp_path, model=own, text={}, start="tuned", training=more)
    after = trained_weights(ran(path, tmp_path / "root")[0])
    still = [name for name in after if "_proj" not in name]
    assert all(torch.equal(after[name], before[name]) for name in still)
    assert not any(torch.equal(after[name], before[name]) for name in after if "_proj" in name)


def test_new_pieces_begin_with_the_mean_of_what_they_were_written_with(tmp_path: Path):
    names = ["model.embed_tokens.weight", "lm_head.weight"]
    path = language(tmp_path, text={"extend": {"pieces": 20, "min_count": 5}}, training={"freeze": ["model.e*", "lm*"]})
    workspace, _, told = ran(path, tmp_path / "root")
    assert told.said("20 pieces were added to 300 ids; validation: ")
    before, after = load_file(tmp_path / "qwen3" / "model.safetensors"), trained_weights(workspace)
    grown = open_bundle(find_model(workspace, "tuned")).pipeline.tokenizer.grown
    for name in names:
        assert after[name].shape == (320, 32)
        assert torch.equal(after[name][:300], before[name][:300])
        for number, ids in enumerate(grown.parts):
            torch.testing.assert_close(after[name][300 + number], before[name][ids].mean(0))


def test_a_tokenizer_of_our_own_is_lengthened_with_the_model_that_it_belongs_to(tmp_path: Path):
    own = {"name": "decoder", "hidden": 32, "layers": 2, "heads": 2, "kv_heads": 1, "head": 16, "intermediate": 64,
           "context": 64, "tied": False}  # fmt: skip
    text = {"normalize": [], "tokenizer": {"name": "bpe", "max_size": 300}}
    workspace = ran(language(tmp_path, model=own, text=text), tmp_path / "root")[0]
    before = trained_weights(workspace)
    more = {"freeze": ["model.embed*"], "lora": {"targets": ["q_proj"]}}
    text = {"extend": {"pieces": 10, "min_count": 5}}
    path = language(tmp_path, model=own, text=text, start="tuned", training=more)
    _, _, told = ran(path, tmp_path / "root")
    assert told.said("10 pieces were added to 300 ids")
    assert told.said("begins with 25 of 25 tensors of tuned@")
    after = trained_weights(workspace)
    grown = open_bundle(find_model(workspace, "tuned")).pipeline.tokenizer.grown
    vectors = after["model.embed_tokens.weight"]
    assert torch.equal(vectors[:300], before["model.embed_tokens.weight"])
    torch.testing.assert_close(vectors[300], vectors[grown.parts[0]].mean(0))
    assert not torch.equal(after["lm_head.weight"][:300], before["lm_head.weight"]), "new ids are learned whole"


def test_what_is_learned_anew_is_not_lengthened(tmp_path: Path):
    path = language(tmp_path, text={"tokenizer": "bpe", "extend": {}})
    assert "text.extend lengthens a tokenizer that exists" in str(refused(path))


@pytest.mark.slow  # two exports
def test_numbers_are_learned_from_it_too(tmp_path: Path):
    source = bert_folder(tmp_path / "bert", texts_of(tmp_path))
    rows = [f"{text}\t{len(text) / 2}" for text in texts_of(tmp_path)]
    (tmp_path / "scores.tsv").write_text("\n".join(rows), encoding="utf-8")
    sources = [{"uri": str(tmp_path / "scores.tsv"), "format": "tsv", "text_column": 0, "label_column": 1}]
    data = {"name": "scores", "target": "number", "sources": sources, "dedup": {"near": None}}
    workspace = ran(written(tmp_path / "recipe", data=data, model=model(source, pooling="mean")), tmp_path / "root")[0]
    assert open_bundle(pretrained_bundle(workspace)).manifest.metrics["test_pearson"] > 0.3


@pytest.fixture(scope="module")
def writer(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Writer]:
    """A Qwen3 folder that was trained on, as a language model; its folder is gone since."""
    base = tmp_path_factory.mktemp("lm")
    path = language(base, training={"epochs": 12, "optimizer": {"name": "adamw", "learning_rate": 0.01}})
    workspace, _, told = ran(path, base / "root")
    assert told.said(f"begins with the weights of {base / 'qwen3'}")
    (base / "qwen3").rename(base / "gone")
    bundle = open_bundle(find_model(workspace, "tuned"))
    return base, Writer(bundle, WRITERS["torch"](bundle))


def test_a_decoder_goes_on_learning_to_write(writer: tuple[Path, Writer]):
    manifest = writer[1].bundle.manifest
    assert manifest.metrics["test_bits_per_character"] < 6
    assert (manifest.task, manifest.max_length) == ("generate", 48)
    assert manifest.vocabulary_size == writer[1].bundle.pipeline.tokenizer.size == 300
    assert writer[1].bundle.pipeline.encode(["满意"])[0][0] > 1, "nothing stands around what is to be foretold"
    one, other = (writer[1].write("房间", Sampling(length=80)).text for _ in range(2))
    assert one == other != ""


def test_written_as_a_folder_it_opens_in_transformers_as_what_it_was(writer: tuple[Path, Writer], tmp_path: Path):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    bundle = writer[1].bundle
    write_export(bundle, tmp_path / "hf", to="hf")
    theirs = AutoModelForCausalLM.from_pretrained(tmp_path / "hf")
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "hf")
    assert type(theirs).__name__ == "Qwen3ForCausalLM"
    for text in ("房间干净，满意 3", "とても良い"):
        ids = bundle.pipeline.encode([text])
        assert tokenizer(text).input_ids == ids[0]
        ours = WRITERS["torch"](bundle)._model(torch.tensor(ids))
        torch.testing.assert_close(theirs(torch.tensor(ids)).logits, ours, rtol=0, atol=1e-5)


def test_another_tokenizer_is_taken_and_its_vectors_begin_anew(tmp_path: Path):
    told = ran(language(tmp_path, text={"normalize": [], "tokenizer": "bpe"}), tmp_path / "root")[2]
    assert told.said("but for the vectors of its ids: text.tokenizer is not its own")


def refused(path: Path, *settings: str) -> WenluError:
    with pytest.raises(WenluError) as caught:
        load_recipe(path, settings=settings)
    return caught.value


def test_what_does_not_fit_is_told_before_anything_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    source = bert_folder(tmp_path / "bert", texts_of(tmp_path))
    path = written(tmp_path / "recipe", model=model(source))

    def told(*settings: str) -> WenluError:
        with pytest.raises(WenluError) as caught:
            ran(path, tmp_path / "root", *settings)
        assert not list((tmp_path / "root").glob("stages/*"))
        return caught.value

    assert told("task=generate", "baseline=null").code == "no_writer"
    assert "text.max_length is 100, and" in str(told("text.max_length=100"))
    assert told("model.path=/nowhere").code == "no_model_folder"
    assert told("model.path=''").code == "no_model_folder"
    monkeypatch.delenv("MODELS", raising=False)
    assert told("model.path=${MODELS}/bert").code == "not_set"
    monkeypatch.setenv("MODELS", str(tmp_path))
    assert told("model.path=${MODELS}/bert", "text.max_length=100").code == "bad_settings"
