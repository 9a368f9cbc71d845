"""`model: auto`: which candidates there are, in which order they are trained, and what the run says of them."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import yaml

from wenlu.base.errors import WenluError
from wenlu.base.events import Silent
from wenlu.pipeline.flows.contest import contest
from wenlu.pipeline.flows.flow import Flow
from wenlu.pipeline.loading import load_recipe
from wenlu.pipeline.recipe import Contender, Recipe
from wenlu.pipeline.run import run_recipe
from wenlu.pipeline.stages.shelving import Contended
from wenlu.pipeline.tune import tune
from wenlu.storage.workspace import Workspace


def made_recipe(folder: Path, **changes: Any) -> Path:
    data: dict[str, Any] = {
        "wenlu": 1,
        "name": "tiny",
        "data": {"name": "tiny", "sources": [{"uri": "a.txt", "label": "a"}, {"uri": "b.txt", "label": "b"}]},
        "model": "auto",
    }
    data["data"] |= changes.pop("data", {})
    path = folder / "tiny.yaml"
    path.write_text(yaml.safe_dump(data | changes, allow_unicode=True), encoding="utf-8")
    return path


def loaded(folder: Path, **changes: Any) -> Recipe:
    return load_recipe(made_recipe(folder, **changes)).recipe


@pytest.mark.parametrize(("language", "segmenter"), [("zh", "rjieba"), ("ja", "mecab")])
def test_what_is_tried_knows_the_words_of_the_language(tmp_path: Path, language: str, segmenter: str):
    tried = loaded(tmp_path, data={"language": language}).contenders()
    assert list(tried) == ["linear with words", "textcnn", "lstm", "encoder", "linear"]
    tokenizers = [contender.text.tokenizer for contender in tried.values()]
    assert [named.get("segmenter") for named in tokenizers] == [segmenter, None, segmenter, None, None]


def test_where_nobody_knows_the_words_none_are_tried(tmp_path: Path):
    assert list(loaded(tmp_path, data={"language": "other"}).contenders()) == ["textcnn", "lstm", "encoder", "linear"]


def test_pairs_are_compared_and_numbers_regressed(tmp_path: Path):
    pairs = {"target": "number", "sources": [{"uri": "a.csv", "text_column": ["one", "two"], "label_column": "n"}]}
    recipe = loaded(tmp_path, data=pairs)
    assert recipe.aim == "regress"
    assert list(recipe.contenders()) == ["pair", "textcnn", "lstm", "encoder", "bag"]


def test_the_time_is_shared_evenly_among_those_that_are_named(tmp_path: Path):
    tried = loaded(tmp_path, model={"name": "auto", "minutes": 6, "among": ["encoder", "textcnn"]}).contenders()
    assert {name: contender.training.minutes for name, contender in tried.items()} == {
        "textcnn": 3,
        "encoder": 3,
        "linear": None,
    }


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"task": "generate"}, "classify or to regress"),
        ({"training": {"epochs": 3}}, "leave out: training"),
        ({"model": {"name": "auto", "among": ["pair"]}}, "nothing that suits"),
        ({"model": {"name": "auto", "minutes": -1}}, "minutes"),
        ({"model": {"name": "auto", "among": ["lstn"]}}, "among"),
    ],
)
def test_what_does_not_go_with_it_is_told_before_anything_runs(tmp_path: Path, changes: dict[str, Any], said: str):
    with pytest.raises(WenluError, match=said) as caught:
        loaded(tmp_path, **changes)
    assert caught.value.code == "bad_settings"


def test_a_search_is_of_one_model(tmp_path: Path):
    with pytest.raises(WenluError, match="auto"):
        tune(made_recipe(tmp_path), Workspace(tmp_path / "root"), Silent(), budget=1)


@dataclass
class Heard(Silent):
    """What was said."""

    lines: list[str] = field(default_factory=list)

    def result(self, line: str) -> None:
        self.lines.append(line)


def contended(name: str, accuracy: float = 0.5) -> Contended:
    training = SimpleNamespace(result={"seconds": 2.0, "parameters": 1234})
    evaluation = SimpleNamespace(result={"validation_accuracy": accuracy})
    return cast(Contended, SimpleNamespace(name=name, training=training, evaluation=evaluation))


def held(recipe: Recipe, outcomes: Mapping[str, WenluError | float]) -> tuple[list[str], list[str], list[str]]:
    """In which order they were trained, what came of it, and what was said."""
    order: list[str] = []

    def contend(flow: Flow, name: str, contender: Contender) -> Contended:
        order.append(name)
        outcome = outcomes.get(name, 0.5)
        if isinstance(outcome, WenluError):
            raise outcome
        return contended(name, outcome)

    heard = Heard()
    flow = cast(Flow, SimpleNamespace(recipe=recipe, events=heard))
    return order, [one.name for one in contest(flow, contend)], heard.lines


def test_the_trivial_model_comes_first_and_the_table_has_all(tmp_path: Path):
    order, came, lines = held(loaded(tmp_path), {"textcnn": 0.9})
    assert order == ["linear", "linear with words", "textcnn", "lstm", "encoder"]
    assert came == ["linear with words", "textcnn", "lstm", "encoder", "linear"]
    assert len(lines) == 5
    assert "0.9000" in lines[1]


def test_what_can_not_be_trained_is_left_out_and_said(tmp_path: Path):
    _, came, lines = held(loaded(tmp_path), {"lstm": WenluError("does_not_fit", "It needs 80 GB.")})
    assert came == ["linear with words", "textcnn", "encoder", "linear"]
    assert "lstm is left out: It needs 80 GB." in lines


def test_a_trivial_model_that_can_not_be_trained_ends_the_run(tmp_path: Path):
    with pytest.raises(WenluError, match="full"):
        held(loaded(tmp_path), {"linear": WenluError("disk", "The disk is full.")})


def test_when_the_time_is_over_the_rest_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    clock = iter([0.0, 10.0, 61.0, 62.0, 63.0])
    monkeypatch.setattr("wenlu.pipeline.flows.contest.time.monotonic", lambda: next(clock))
    order, came, lines = held(loaded(tmp_path, model={"name": "auto", "minutes": 1}), {})
    assert order == ["linear", "linear with words"]
    assert came == ["linear with words", "linear"]
    assert sum("1 minutes are over" in line for line in lines) == 3


@pytest.mark.slow
def test_the_best_of_what_was_tried_is_deployed(tmp_path: Path):
    chance = random.Random(1)
    words = {"a": ("很好", "满意", "とても良い"), "b": ("很差", "失望", "とても悪い")}
    for label, said in words.items():
        lines = (f"{chance.choice(said)}，{chance.choice(said)} {place}" for place in range(200))
        (tmp_path / f"{label}.txt").write_text("\n".join(lines), encoding="utf-8")
    sources = [{"uri": str(tmp_path / f"{label}.txt"), "label": label} for label in words]
    path = made_recipe(
        tmp_path, data={"sources": sources, "dedup": {"near": None}}, model={"name": "auto", "among": ["textcnn"]}
    )
    result = run_recipe(load_recipe(path), Workspace(tmp_path / "root"), Silent())
    report = (result.folder / "report.html").read_text(encoding="utf-8")
    assert "textcnn" in report
    assert "linear" in report
    assert "textcnn" in result.choice
