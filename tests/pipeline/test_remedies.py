from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from wenlu.evaluation.words import WORDS
from wenlu.pipeline.loading import load_recipe
from wenlu.pipeline.recipe import Recipe
from wenlu.pipeline.remedies import remedies_of

SOURCE = {"uri": "texts.tsv"}


def written(folder: Path, **parts: object) -> Path:
    path = folder / "recipe.yaml"
    data = {"wenlu": 1, "name": "tiny", "data": {"name": "tiny", "sources": [SOURCE]}, "model": "lstm", **parts}
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    return path


def changes(recipe: Recipe, *, cut_share: float = 0.0) -> dict[str, tuple[str, ...]]:
    own = next(iter(recipe.contenders().values()))
    return {code: remedy.changes for code, remedy in remedies_of(recipe, own, cut_share=cut_share).items()}


def test_a_usual_recipe_has_a_change_for_every_fault_that_a_setting_mends(tmp_path: Path):
    found = changes(load_recipe(written(tmp_path)).recipe)
    assert found["overfitting"] == ("model.dropout=0.7",)
    assert found["underfitting"] == ("model.hidden=256",)
    assert found["undertraining"] == ("training.epochs=20",)
    assert found["few_texts"] == ("data.split.test=2",)
    assert "leak" not in found  # copies are looked for already


@pytest.mark.parametrize("model", ["bag", "linear", "textcnn", "lstm", "encoder", "pair"])
def test_every_change_makes_a_recipe_that_is_read_again(model: str, tmp_path: Path):
    path = written(tmp_path, model=model)
    recipe = load_recipe(path).recipe
    own = next(iter(recipe.contenders().values()))
    found = remedies_of(recipe, own, cut_share=1.0)
    for code, remedy in found.items():
        changed = load_recipe(path, settings=remedy.changes).recipe
        assert changed != recipe, code
        assert WORDS.knows(f"advice.{code}.{remedy.way}")


@pytest.mark.parametrize(
    ("parts", "code", "change"),
    [
        ({"model": {"name": "bag", "dropout": 0.0}}, "overfitting", "model.dropout=0.3"),
        ({"model": {"name": "bag", "dropout": 0.7, "embedding": 64}}, "overfitting", "model.embedding=32"),
        ({"model": {"name": "bag", "dropout": 0.8}}, "underfitting", "model.dropout=0.3"),
        ({"model": {"name": "bag", "embedding": 2}}, "underfitting", "model.embedding=32"),
        ({"training": {"minutes": 5}}, "undertraining", "training.minutes=10.0"),
        (
            {"training": {"loss": {"name": "cross_entropy", "label_smoothing": 0.2}}},
            "imbalance",
            'training.loss={"name": "cross_entropy", "label_smoothing": 0.2, "class_weights": "balanced"}',
        ),
        ({"data": {"name": "tiny", "sources": [SOURCE], "dedup": {"near": 0.95}}}, "leak", "data.dedup.near=0.8"),
    ],
)  # fmt: skip
def test_a_change_goes_on_from_what_the_recipe_says(parts: dict, code: str, change: str, tmp_path: Path):
    assert changes(load_recipe(written(tmp_path, **parts)).recipe)[code] == (change,)


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ({"model": {"name": "bag", "dropout": 0.7, "embedding": 8}}, "overfitting"),
        ({"training": {"loss": {"name": "cross_entropy", "class_weights": "balanced"}}}, "imbalance"),
        ({"training": {"loss": "focal"}}, "label_noise"),
        ({"data": {"name": "tiny", "sources": [SOURCE, {**SOURCE, "split": "test"}]}}, "few_texts"),
        ({"start": "before"}, "below_baseline"),
    ],
)
def test_where_nothing_is_left_to_change_there_is_no_change(parts: dict, code: str, tmp_path: Path):
    assert code not in changes(load_recipe(written(tmp_path, **parts)).recipe)


def test_texts_that_are_cut_off_are_read_further_first(tmp_path: Path):
    recipe = load_recipe(written(tmp_path, text={"max_length": 16})).recipe
    assert changes(recipe, cut_share=0.9)["underfitting"] == ("text.max_length=64",)
    assert changes(recipe, cut_share=0.1)["underfitting"] == ("model.hidden=256",)


def test_where_the_model_is_left_to_us_only_data_are_changed(tmp_path: Path):
    recipe = load_recipe(written(tmp_path, model="auto")).recipe
    assert set(changes(recipe)) == {"few_texts"}


def test_a_model_of_numbers_has_its_changes_too(tmp_path: Path):
    parts = {"data": {"name": "tiny", "sources": [SOURCE], "target": "number"}, "model": "lstm", "task": "regress"}
    found = changes(load_recipe(written(tmp_path, **parts)).recipe)
    assert found["undertraining"] == ("training.epochs=20",)
    assert {"imbalance", "label_noise"}.isdisjoint(found)
