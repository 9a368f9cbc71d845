from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.corpus.test_importer import imported, written
from tests.corpus.test_statistics import TEXTS, version
from tests.evaluation.test_report import Page

from wenlu.corpus.findings import find
from wenlu.corpus.manifest import NearCounts
from wenlu.corpus.report import data_report, render, show_report
from wenlu.corpus.statistics import statistics_of
from wenlu.corpus.version import DatasetVersion
from wenlu.drawing.terminal import columns

HOSTILE = "<script>alert(1)</script><b>\x1b[31m\"'&\u202e"


def codes(made: DatasetVersion) -> list[str]:
    return [finding.code for finding in find(made.manifest, statistics_of(made))]


def many(labels: dict[str, int]) -> list[tuple[str, str]]:
    named = [label for label, texts in labels.items() for _ in range(texts)]
    return [(f"これは{number * 7919}番目の感想です。", label) for number, label in enumerate(named)]


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ({"好": 4300, "差": 4200}, ["healthy"]),
        ({"好": 60}, ["one_label"]),
        ({"好": 4300, "差": 900}, ["imbalance"]),
        ({"好": 3000, "差": 3000, "稀": 6}, ["rare_label"]),
        ({"好": 300, "差": 300}, ["few_texts"]),
    ],
)
def test_what_stands_out_in_labels(tmp_path: Path, labels: dict[str, int], expected: list[str]):
    made = version(tmp_path, many(labels), language="ja", dedup={"near": None})
    assert [code for code in codes(made) if code != "untested_label"] == expected


def test_what_stands_out_in_the_input(tmp_path: Path):
    texts = [*many({"好": 4300, "差": 4200}), *((f"The {number} food\ufffd", "好") for number in range(900))]
    made = version(tmp_path, texts, language="ja", dedup={"near": None}, clean={"min_length": 7})
    assert codes(made) == ["odd", "language"]
    again = version(tmp_path / "again", texts[:8000] * 3, language="ja", dedup={"near": None})
    assert codes(again) == ["copies"]


def test_a_label_without_training_texts_and_a_fixed_test_set_without_a_label(tmp_path: Path):
    made = version(tmp_path, many({"好": 40, "差": 40}), language="ja", split={"validation": 0, "test": 1})
    counts = made.manifest.counts
    without = replace(counts, labels={**counts.labels, "train": {"好": counts.labels["train"]["好"]}})
    found = find(replace(made.manifest, counts=without), statistics_of(made))
    assert found[0].code == "unlearned_label"
    assert "“差”" in found[0].sentence
    without = replace(counts, labels={**counts.labels, "test": {"好": 3}})
    assert "untested_label" in [one.code for one in find(replace(made.manifest, counts=without), statistics_of(made))]


def test_what_was_prevented_comes_last_and_is_no_fault(tmp_path: Path):
    made = version(tmp_path, many({"好": 4300, "差": 4200}), language="ja", dedup={"near": None})
    found = find(replace(made.manifest, near=NearCounts(across_splits=7)), statistics_of(made))
    assert [(one.code, one.good) for one in found] == [("healthy", True), ("leaks", True)]


def test_the_page_is_whole_and_needs_nothing_else(tmp_path: Path):
    texts = [*TEXTS, *many({"好": 30, "差": 30}), (TEXTS[0][0], "好"), (f"{TEXTS[3][0]}！！", "好")]
    made = version(tmp_path, texts)
    page = Page(made.report_path.read_text(encoding="utf-8"))
    assert page.open == []
    assert not page.names() & {"script", "img", "link", "iframe"}
    said = page.said()
    assert made.manifest.version in said
    assert statistics_of(made).examples["差"][0] in said
    assert TEXTS[0][0].replace("，", ",") in said  # a text that came with two labels
    assert "conflicting labels" in said
    assert "texts.tsv:1" in said
    assert "near duplicate" in said


def test_hostile_texts_and_labels_are_shown_as_words(tmp_path: Path):
    made = version(tmp_path, [*many({"好": 30}), (HOSTILE, "差"), ("普通の文です", HOSTILE)], clean={"normalize": []})
    facts = data_report(made)
    page = Page(render(facts))
    assert "<script>alert(1)</script>" in page.said()
    assert "script" not in page.names()
    assert "\x1b" not in "".join(show_report(facts))


def test_a_page_without_labels(tmp_path: Path):
    path = written(tmp_path / "texts.txt", [body for body, _ in many({"": 40})])
    made = imported(tmp_path, {"uri": str(path)}, language="ja", dedup={"near": None})
    assert made.manifest.labels == []
    assert "no labels" in Page(render(data_report(made))).said()


def test_the_terminal_shows_all_on_a_screen_of_lines_that_fit(tmp_path: Path):
    labels = {f"とても長い名前のラベル{number}号": 5 for number in range(40)}
    lines = list(show_report(data_report(version(tmp_path, many(labels), language="ja"))))
    assert len(lines) <= 60
    bars = [line for line in lines if "━" in line or "─" in line]
    assert len({columns(line) for line in bars}) == 1
    assert any("more" in line for line in lines)
