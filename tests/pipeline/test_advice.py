from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from wenlu.base.errors import WenluError
from wenlu.base.events import Silent
from wenlu.pipeline.advice import follow
from wenlu.pipeline.flows.flow import RunResult
from wenlu.pipeline.loading import load_recipe
from wenlu.pipeline.run import run_recipe
from wenlu.storage.workspace import Workspace

WORDS = {
    "zh": (
        ("好吃", "干净", "热情", "满意", "推荐", "新鲜"),
        ("难吃", "很脏", "冷淡", "失望", "后悔", "发霉"),
        "店里的菜服务环境今天中午和朋友一起去了位子不多",
    ),
    "ja": (
        ("美味しい", "きれい", "丁寧", "満足", "安い", "新鮮"),
        ("まずい", "汚い", "遅い", "残念", "高い", "古い"),
        "店の料理と接客は昨日友人と一緒に行って席が少なかった",
    ),
}
SMALL = {"batch": 32, "epochs": 4, "optimizer": {"name": "adam", "learning_rate": 0.02}}
BAG = {"name": "bag", "embedding": 8, "buckets": 512}


def reviews(language: str, number: int) -> Iterator[tuple[str, str]]:
    """Made-up reviews, good and bad, no two alike."""
    chance = random.Random(language)
    good, bad, letters = WORDS[language]
    for place in range(number):
        word = chance.choice((good, bad)[place % 2])
        yield "".join(chance.choices(letters, k=12)) + word + "".join(chance.choices(letters, k=12)), "gb"[place % 2]


def recipe(folder: Path, rows: list[tuple[str, str]], *, language: str = "zh", **data: object) -> Path:
    (folder / "texts.tsv").write_text("\n".join(f"{text}\t{label}" for text, label in rows), encoding="utf-8")
    source = {"uri": str(folder / "texts.tsv"), "header": False, "text_column": 0, "label_column": 1}
    written = {
        "wenlu": 1,
        "name": "tiny",
        "data": {"name": "tiny", "language": language, "sources": [source], "split": {"train": 6, "test": 3}, **data},
        "text": {"tokenizer": {"name": "char", "min_count": 1}, "max_length": 64},
        "model": BAG,
        "training": SMALL,
        "baseline": {"text": {"tokenizer": "char"}, "model": {**BAG, "ngrams": 2}, "training": SMALL},
    }
    path = folder / "tiny.yaml"
    path.write_text(yaml.safe_dump(written, allow_unicode=True), encoding="utf-8")
    return path


def leaking(folder: Path, language: str) -> Path:
    """Every second text stands there twice, the second time with a mark more, and copies are not looked for."""
    rows = list(reviews(language, 300))
    again = [(f"{text}！", label) for text, label in rows[::2]]
    return recipe(folder, [*rows, *again], language=language, dedup={"near": None})


def run(path: Path, root: Path) -> RunResult:
    return run_recipe(load_recipe(path), Workspace(root), Silent())


@pytest.mark.parametrize("language", ["zh", "ja"])
def test_copies_are_named_and_the_advice_removes_them(language: str, tmp_path: Path):
    path, workspace = leaking(tmp_path, language), Workspace(tmp_path / "root")
    result = run(path, workspace.root)
    first = result.findings[0]
    assert (first.code, first.name, first.changes) == ("leak", "advice-1", ("data.dedup.near=0.8",))
    told = json.loads((result.folder / "report.json").read_bytes())
    assert told["doubts"]["leaks"]["copies"] == first.evidence["leaked_texts"] > 30
    assert told["doubts"]["leaks"]["shown"][0]["text"][:-1] in told["doubts"]["leaks"]["shown"][0]["source"] + "！"

    advised = follow(path, "advice-1", workspace)
    assert advised.changed == ("data.dedup.near: left out → 0.8",)
    again = run_recipe(advised.loaded, workspace, Silent())
    assert "leak" not in [one.code for one in again.findings]


def past_run(workspace: Workspace, *, name: str, state: str = "succeeded", **told: object) -> None:
    folder = workspace.runs / name
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps({"state": state, "recipe": "tiny", "model": "tiny@1", **told}))


def finding(name: str, *changes: str, code: str = "overfitting") -> dict[str, object]:
    return {"code": code, "sentence": "So.", "evidence": {}, "advice": "Do so.", "name": name, "changes": changes}


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    return recipe(tmp_path, list(reviews("zh", 4)))


def test_the_change_of_the_newest_run_is_laid_over_and_told(tiny: Path, tmp_path: Path):
    workspace = Workspace(tmp_path / "root")
    past_run(workspace, name="20260101-000000-aaaa", findings=[finding("advice-1", "training.epochs=99")])
    past_run(workspace, name="20260102-000000-aaaa", findings=[finding("advice-1", "model.dropout=0.5")])
    past_run(workspace, name="20260103-000000-aaaa", state="failed")
    advised = follow(tiny, "advice-1", workspace)
    assert advised.loaded.recipe.model == {**BAG, "dropout": 0.5}
    assert advised.changed == ("model.dropout: 0.3 → 0.5",)
    assert advised.lines == ["advice-1 of run 20260102-000000-aaaa: Do so.", "  model.dropout: 0.3 → 0.5"]


def test_advices_add_up_and_settings_of_ones_own_come_last(tiny: Path, tmp_path: Path):
    workspace = Workspace(tmp_path / "root")
    judged = [finding("advice-1"), finding("advice-2", "training.epochs=8")]
    past_run(workspace, name="20260102-000000-aaaa", settings=["model.dropout=0.5"], findings=judged)
    advised = follow(tiny, "advice-2", workspace, settings=["training.batch=16"])
    assert advised.loaded.recipe.model == {**BAG, "dropout": 0.5}
    assert advised.kept == ("model.dropout=0.5",)
    assert advised.changed == ("training.epochs: 4 → 8", "training.batch: 32 → 16")
    assert advised.loaded.settings == ("model.dropout=0.5", "training.epochs=8", "training.batch=16")


def test_a_whole_part_that_changes_is_told_as_it_was(tiny: Path, tmp_path: Path):
    workspace = Workspace(tmp_path / "root")
    change = 'training.loss={"name": "cross_entropy", "class_weights": "balanced"}'
    past_run(workspace, name="20260102-000000-aaaa", findings=[finding("advice-1", change)])
    (line,) = follow(tiny, "advice-1", workspace).changed
    assert line == ("training.loss: left out → {class_weights: balanced, label_smoothing: 0.0, name: cross_entropy}")


def refused(path: Path, advice: str, workspace: Workspace) -> WenluError:
    with pytest.raises(WenluError) as error:
        follow(path, advice, workspace)
    return error.value


def test_without_a_run_there_is_no_advice(tiny: Path, tmp_path: Path):
    workspace = Workspace(tmp_path / "root")
    past_run(
        workspace, name="20260102-000000-aaaa", state="failed", findings=[finding("advice-1", "training.epochs=9")]
    )
    (workspace.runs / "20260103-000000-aaaa").mkdir()
    (workspace.runs / "20260104-000000-aaaa").mkdir()
    (workspace.runs / "20260104-000000-aaaa" / "run.json").write_bytes(b"{")
    error = refused(tiny, "advice-1", workspace)
    assert error.code == "no_run"
    assert f"wenlu run {tiny}" in error.hint


def test_an_advice_that_was_not_given_is_refused_with_those_that_were(tiny: Path, tmp_path: Path):
    workspace = Workspace(tmp_path / "root")
    past_run(workspace, name="20260102-000000-aaaa", findings=[finding("advice-1", "training.epochs=9")])
    error = refused(tiny, "advice-7", workspace)
    assert error.code == "unknown_advice"
    assert error.message == "There is no advice 'advice-7': run 20260102-000000-aaaa gave advice-1."


def test_a_run_of_an_older_wenlu_gave_none(tiny: Path, tmp_path: Path):
    workspace = Workspace(tmp_path / "root")
    past_run(workspace, name="20260102-000000-aaaa")
    assert "gave none" in refused(tiny, "advice-1", workspace).message


def test_an_advice_that_no_setting_follows_says_what_to_do_instead(tiny: Path, tmp_path: Path):
    workspace = Workspace(tmp_path / "root")
    past_run(
        workspace, name="20260102-000000-aaaa", findings=[finding("advice-1"), finding("advice-2", "training.epochs=9")]
    )
    error = refused(tiny, "advice-1", workspace)
    assert error.code == "no_change"
    assert error.message.endswith("Do so.")
    assert error.hint == "advice-2: Do so."


def test_a_learning_curve_is_trained_told_and_drawn_where_it_is_asked_for(tmp_path: Path):
    path = recipe(tmp_path, list(reviews("zh", 120)))
    root = tmp_path / "root"
    result = run_recipe(load_recipe(path, settings=["evaluation.learning_curve=true"]), Workspace(root), Silent())
    reports = [json.loads(found.read_bytes()) for found in (root / "models").glob("tiny/*/report.json")]
    (own,) = [told for told in reports if told["curve"]]
    assert own["subject"] == result.own
    assert [one["share"] for one in own["curve"]] == [0.25, 0.5, 1.0]
    assert [one["texts"] for one in own["curve"]] == [round(own["curve"][2]["texts"] * one) for one in (0.25, 0.5, 1)]
    assert {one.name.rpartition("-")[0] for one in (root / "stages").glob("training*")} == {
        f"training-{name}" for name in ("bag", "bag-1-of-4", "bag-1-of-2", "bag-(baseline)")
    }
    pages = [page.read_text(encoding="utf-8") for page in (root / "models").glob("tiny/*/report.html")]
    assert sum("Learning curve" in page for page in pages) == 1


def test_a_learning_curve_is_for_classifiers(tmp_path: Path):
    path = recipe(tmp_path, [("很好", "1.0")], target="number")
    with pytest.raises(WenluError) as error:
        load_recipe(path, settings=["task=regress", "evaluation.learning_curve=true"])
    assert "evaluation.learning_curve is for classifiers" in error.value.message
