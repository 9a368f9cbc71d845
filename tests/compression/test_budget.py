from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from tests.compression.conftest import the

from wenlu.base.errors import WenluError
from wenlu.base.events import Silent
from wenlu.bundle.manifest import COMPRESSION, REPORT
from wenlu.bundle.seal import open_bundle
from wenlu.bundle.shelf import find_model
from wenlu.compression.budget import Budget, Refused, choose_form, excesses, on_front, seconds_of
from wenlu.compression.measure import Figures
from wenlu.compression.report import Compression, line, render_report
from wenlu.drawing.parts import glued
from wenlu.pipeline.compress import compress, read_chain
from wenlu.pipeline.loading import load_recipe
from wenlu.pipeline.run import run_recipe
from wenlu.storage.workspace import Workspace


def figures(name: str, *, accuracy: float = 0.9, size: int = 8_000_000, speed: float = 1000, p95: float = 0.002):
    return Figures(
        name=name,
        accuracy=accuracy,
        interval=(accuracy - 0.01, accuracy + 0.01),
        disagreement=0.01,
        largest_difference=0.2,
        size=size,
        p50=p95 / 2,
        p95=p95,
        throughput=speed,
        computed=speed,
    )


PARENT = figures("as it is")
FAST = figures("fast", accuracy=0.897, size=4_000_000, speed=3000)
SMALL = figures("small", accuracy=0.896, size=1_000_000, speed=2800)
TINY = figures("tiny", accuracy=0.88, size=200_000, speed=5000, p95=0.001)


def test_of_the_forms_that_fit_the_smallest_of_the_fastest_is_kept():
    choice = choose_form(PARENT, [FAST, SMALL, TINY], Budget())
    assert choice.name == "small"
    assert "1/8.0 of its parent" in choice.sentence
    assert "2.80 times its speed" in choice.sentence


def test_a_drop_of_exactly_what_is_allowed_is_allowed():
    assert not excesses(PARENT, figures("edge", accuracy=0.895), Budget())
    assert excesses(PARENT, figures("over", accuracy=0.8949), Budget())


def test_a_budget_that_nothing_meets_is_refused_with_what_misses_it():
    with pytest.raises(WenluError, match=r"tiny loses 2\.00 points \(at most 0\.5\)") as refused:
        choose_form(PARENT, [FAST, TINY], Budget(max_size=300_000, max_p95=0.0015))
    assert refused.value.code == "over_budget"


def test_a_form_that_is_slower_here_is_called_so():
    slow = figures("slow", size=2_000_000, speed=500)
    assert "slow is slower here" in choose_form(PARENT, [slow], Budget()).sentence
    assert "slower here" in line(PARENT, slow)
    assert "slower here" not in line(PARENT, FAST)


def test_only_what_no_other_beats_in_all_stands_on_the_front():
    worse = figures("worse", accuracy=0.895, size=4_000_000, speed=2000)
    front = [
        one.name for one in (PARENT, FAST, SMALL, TINY, worse) if on_front(one, (PARENT, FAST, SMALL, TINY, worse))
    ]
    assert front == ["as it is", "fast", "small", "tiny"]


@pytest.mark.parametrize("said", ["2", "2 hours", "0ms"])
def test_a_time_that_is_none_is_refused(said: str):
    with pytest.raises(WenluError, match="max-p95"):
        seconds_of(said)


@pytest.mark.parametrize("said", ["in8", "int8,texts=0", "vocabulary,min_count", "int8,text=5", ""])
def test_a_chain_with_a_mistake_is_refused(said: str):
    with pytest.raises(WenluError):
        read_chain(said)


def test_the_report_is_one_file_that_runs_nothing_and_shows_words_as_words():
    found = Compression(
        title="<script>@1",
        created="2026-01-01T00:00:00+00:00",
        texts=1000,
        parent=PARENT,
        forms=(FAST, SMALL),
        refused=(Refused("prune", "no <b>units</b>"),),
        choice=choose_form(PARENT, [FAST, SMALL], Budget()),
        budget=Budget(max_size=5_000_000).model_dump(),
    )
    page = render_report(found)
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "no &lt;b&gt;units" in page
    assert "5.00 MB" in page
    assert "http" not in page.replace("http-equiv", "")


def test_the_best_form_stands_on_the_shelf_with_report_and_figures(workspace: Workspace):
    parent = the("lstm", workspace)
    done = compress(
        parent.title, workspace, Silent(), chains=["fp16", "int8", "int8_dynamic"], budget=Budget(max_accuracy_drop=5)
    )
    bundle = open_bundle(find_model(workspace, "tiny-small"))
    assert done.model == bundle.title
    assert bundle.manifest.lineage.parents == [parent.title]
    assert {"test_accuracy", "parent_disagreement", "parent_largest_difference"} <= bundle.manifest.metrics.keys()
    assert glued(done.found.choice.sentence) in (bundle.folder / REPORT).read_text(encoding="utf-8")
    kept = msgspec.json.decode((bundle.folder / COMPRESSION).read_bytes(), type=Compression)
    assert kept == done.found
    assert [one.reason for one in kept.refused] == ["The same as int8, byte for byte."]
    assert find_model(workspace, parent.title) == parent.folder


def test_a_refused_budget_leaves_nothing_behind(workspace: Workspace):
    before = sorted(workspace.root.rglob("*"))
    with pytest.raises(WenluError, match="keeps to the budget"):
        compress(
            the("lstm", workspace).title, workspace, Silent(), chains=["fp16"], budget=Budget(max_size=1), name="none"
        )
    assert sorted(workspace.root.rglob("*")) == before


def test_a_training_can_not_begin_with_a_form_that_has_no_weights(workspace: Workspace):
    compress(the("lstm", workspace).title, workspace, Silent(), chains=["int8"], name="begun")
    path = workspace.root.parent / "begun.yaml"
    text = (workspace.root.parent / "tiny.yaml").read_text(encoding="utf-8")
    path.write_text(f"{text}\nstart: begun\n", encoding="utf-8")
    with pytest.raises(WenluError, match="has no weights to begin with") as refused:
        run_recipe(load_recipe(path), workspace, Silent())
    assert "tiny@" in (refused.value.hint or "")


def test_a_wrong_name_is_told_before_anything_is_tried(workspace: Workspace):
    with pytest.raises(WenluError, match="can't be the name"):
        compress(the("lstm", workspace).title, workspace, Silent(), name="../x")


def test_a_model_without_its_dataset_is_refused(workspace: Workspace, tmp_path: Path):
    with pytest.raises(WenluError, match="no dataset"):
        compress(str(the("lstm", workspace).folder), Workspace.at(tmp_path), Silent(), chains=["fp16"])
