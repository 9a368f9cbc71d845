from __future__ import annotations

import random
from pathlib import Path

import pytest
import yaml

from wenlu.base.errors import WenluError
from wenlu.base.events import Silent
from wenlu.base.spec import check
from wenlu.pipeline.loading import load_recipe
from wenlu.pipeline.recipe import Contender
from wenlu.pipeline.space import space_of
from wenlu.pipeline.spans import Between
from wenlu.pipeline.tune import Found, tune
from wenlu.storage.workspace import Workspace

pytest.importorskip("optuna")

WORDS = {"good": ("很好", "满意", "とても良い"), "bad": ("很差", "失望", "とても悪い")}


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    """Reviews of two languages, a small model, and a rate far too low to learn anything."""
    chance = random.Random(1)
    for label, words in WORDS.items():
        lines = (f"{chance.choice(words)}，{chance.choice(words)} {place}" for place in range(150))
        (tmp_path / f"{label}.txt").write_text("\n".join(lines), encoding="utf-8")
    data = {
        "wenlu": 1,
        "name": "tiny",
        "data": {
            "name": "tiny",
            "sources": [{"uri": str(tmp_path / f"{label}.txt"), "label": label} for label in WORDS],
            "dedup": {"near": None},
        },
        "text": {"tokenizer": {"name": "char", "min_count": 1}},
        "model": {"name": "textcnn", "embedding": 8, "filters": 8},
        "training": {"batch": 32, "epochs": 4, "optimizer": {"name": "adam", "learning_rate": 1e-7}},
        "search": {
            "training.optimizer.learning_rate": {"low": 1e-7, "high": 0.1, "log": True},
            "model.filters": [4, 8],
            "training.epochs": {"low": 2, "high": 4},
        },
    }
    path = tmp_path / "tiny.yaml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    return path


def searched(recipe: Path, *, trials: int, budget: float = 600.0) -> Found:
    return tune(recipe, Workspace(recipe.parent / "root"), Silent(), budget=budget, trials=trials)


def test_a_search_finds_what_learns_and_goes_on_where_it_stopped(recipe: Path):
    first = searched(recipe, trials=3)
    own = next(one for one in first.tried if one.number == 0)
    assert own.settings == {"training.optimizer.learning_rate": 1e-7, "model.filters": 8, "training.epochs": 4}
    assert len(first.tried) == 3
    more = searched(recipe, trials=8)
    assert [one for one in more.tried if one.number < 3 and one.value is not None]
    assert len(more.tried) == 8
    assert more.value >= first.value
    assert more.value > 0.9
    assert own.value is not None
    assert own.value < 0.8
    best = load_recipe(recipe, settings=more.settings).recipe
    assert best.training.optimizer["learning_rate"] == more.tried[0].settings["training.optimizer.learning_rate"]
    assert len(more.table()) == 8
    assert not list((recipe.parent / "root" / "stages").glob(".work-*"))


def test_a_time_that_is_up_before_anything_ended_is_a_sentence(recipe: Path):
    with pytest.raises(WenluError, match="before one training had ended") as caught:
        searched(recipe, trials=3, budget=0.0)
    assert "--budget" in caught.value.hint


def test_what_a_recipe_does_not_say_is_looked_for_around_what_stands_there(recipe: Path):
    loaded = load_recipe(recipe, settings=["search={}", "model={name: lstm, hidden: 64}"]).recipe
    contender = Contender(text=loaded.text, model=loaded.model, training=loaded.training)
    space = space_of(loaded, contender)
    assert space["model.hidden"] == [32, 64, 128]
    assert set(space) == {"training.optimizer.learning_rate", "model.hidden", "model.embedding", "model.dropout"}


@pytest.mark.parametrize("span", [{"low": 2, "high": 1}, {"low": 0, "high": 1, "log": True}])
def test_a_span_of_nothing_is_refused(span: dict[str, object]):
    with pytest.raises(WenluError, match="below 'high'"):
        check(Between, span, where="search")
