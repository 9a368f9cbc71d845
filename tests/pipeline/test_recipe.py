from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from wenlu.base.errors import WenluError
from wenlu.pipeline.loading import load_recipe

RECIPES = sorted((Path(__file__).parents[2] / "recipes").glob("*.yaml"))
SMALL = {
    "wenlu": 1,
    "name": "small",
    "data": {"name": "d", "sources": [{"uri": "x.txt", "label": "a"}]},
    "model": {"name": "lstm"},
}


def written(folder: Path, **changes: object) -> Path:
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump({**SMALL, **changes}, allow_unicode=True), encoding="utf-8")
    return path


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.name)
def test_every_recipe_we_ship_is_right_and_says_what_it_costs(path: Path):
    load_recipe(path)
    head = path.read_text(encoding="utf-8").partition("\nwenlu:")[0]
    assert all(word in head for word in ("data ", "takes ", "expect ", "run "))


def test_a_setting_from_the_command_line_lies_over_the_recipe(tmp_path: Path):
    path = written(tmp_path, model="lstm")
    loaded = load_recipe(path, settings=["training.epochs=3", "model.hidden=16", "name=other"])
    assert loaded.recipe.training.epochs == 3
    assert loaded.recipe.model == {"name": "lstm", "hidden": 16}
    assert loaded.recipe.name == "other"
    assert loaded.sha256 != load_recipe(path).sha256


def test_a_setting_laid_over_one_use_of_an_anchor_leaves_the_others(tmp_path: Path):
    shared = {"epochs": 3}
    path = written(tmp_path, training=shared, baseline={"model": "bag", "training": shared})
    assert "&id" in path.read_text()
    recipe = load_recipe(path, settings=["training.epochs=5"]).recipe
    assert (recipe.training.epochs, recipe.baseline.training.epochs) == (5, 3)


@pytest.mark.parametrize("setting", ["epochs", "=3", "wenlu.x=3", "training..epochs=3"])
def test_a_setting_of_another_form_is_refused(tmp_path: Path, setting: str):
    with pytest.raises(WenluError) as caught:
        load_recipe(written(tmp_path), settings=[setting])
    assert caught.value.code == "bad_setting"


def test_a_setting_that_is_no_yaml_is_a_sentence(tmp_path: Path):
    with pytest.raises(WenluError, match="the value is not YAML") as caught:
        load_recipe(written(tmp_path), settings=["training.freeze=[embedding*"])
    assert caught.value.code == "bad_yaml"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"modle": "lstm"}, "did you mean 'model'"),
        ({"model": "lsmt"}, "Did you mean 'lstm'"),
        (
            {"model": {"name": "lstm", "dropout": 1.5, "hiden": 3}},
            "dropout = 1.5: input should be less than 1; no field",
        ),
        ({"training": {"optimizer": "adamm"}}, "Did you mean 'adam"),
        ({"training": {"epochs": 0}}, "training.epochs = 0"),
        ({"text": {"tokenizer": {"name": "wrod"}}}, "Did you mean 'word'"),
        ({"text": {"tokenizer": {"name": "word", "segmenter": "mecabb"}}}, "no segmenter called 'mecabb'"),
        ({"text": {"normalize": ["nfkd"]}}, "Did you mean 'nfkc'"),
        ({"data": {"name": "d", "sources": []}}, "data.sources"),
        ({"service": {"abstain": 1.0}}, "service.abstain = 1.0"),
        ({"model": "decoder", "service": {"abstain": 0.5}}, "service.abstain is for classifiers"),
        ({"text": {"normalize": [1, "nfkc"]}}, "text.normalize.0 = 1"),
        ({"text": {"saved": "mine", "tokenizer": "bpe"}}, "'saved' brings its own tokenizer"),
        (
            {"data": {"name": "d", "sources": [{"uri": "x"}], "clean": {"filters": ["langage"]}}},
            "Did you mean 'language'",
        ),
        ({"model": 7, "text": "x"}, "model"),
        ({"name": "../x"}, "can't be the name"),
        ({"wenlu": 2}, "wenlu = 2"),
        ({"model": "lstm", "task": "generate"}, "lstm can't generate; decoder, pretrained can"),
        ({"model": "decoder", "task": "classify"}, "decoder can't classify"),
        ({"model": "decoder", "baseline": {"model": "linear"}}, "baseline.model: linear can't generate"),
        ({"model": "encoder", "task": "seq2seq", "pretraining": {"sources": [{"uri": "x"}]}}, "pretraining: it is for"),
        ({"model": "auto", "task": "seq2seq"}, "auto is to classify or to regress"),
    ],
)
def test_a_mistake_is_found_before_anything_runs(tmp_path: Path, changes: dict[str, object], said: str):
    with pytest.raises(WenluError) as caught:
        load_recipe(written(tmp_path, **changes))
    assert said in str(caught.value)


def test_mistakes_of_all_parts_come_at_once(tmp_path: Path):
    path = written(tmp_path, model={"name": "lstm", "hiden": 3}, training={"epochs": 0, "optimizer": "adamm"}, txt={})
    with pytest.raises(WenluError) as caught:
        load_recipe(path)
    said = str(caught.value)
    assert all(word in said for word in ("training.epochs = 0", "'hiden'", "Did you mean 'adam", "no field 'txt'"))


@pytest.mark.parametrize(
    "content",
    ["", "[1]", "a: [", "a: !!python/object/apply:os.system [id]", "wenlu: 1\nname: a\nname: b\n", "\x00"],
)
def test_what_is_not_a_mapping_of_plain_yaml_is_refused(tmp_path: Path, content: str):
    (tmp_path / "r.yaml").write_text(content)
    with pytest.raises(WenluError) as caught:
        load_recipe(tmp_path / "r.yaml")
    assert caught.value.code == "bad_yaml"


def test_a_recipe_that_is_not_there_is_a_sentence(tmp_path: Path):
    with pytest.raises(WenluError, match="can't be read"):
        load_recipe(tmp_path / "none.yaml")


def test_the_baseline_is_there_unasked(tmp_path: Path):
    assert list(load_recipe(written(tmp_path)).recipe.contenders()) == ["lstm", "linear"]
    assert list(load_recipe(written(tmp_path, model="linear")).recipe.contenders()) == ["linear", "linear (baseline)"]


def test_a_number_with_a_power_of_ten_is_a_number(tmp_path: Path):
    path = written(tmp_path, training={"clip": 1.0})
    path.write_text(path.read_text().replace("clip: 1.0", "clip: 1e-2"))
    recipe = load_recipe(path, settings=["training.optimizer={name: adam, learning_rate: 3E-4}"]).recipe
    assert (recipe.training.clip, recipe.training.optimizer["learning_rate"]) == (0.01, 0.0003)
