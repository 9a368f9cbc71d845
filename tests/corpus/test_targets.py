"""Texts of several columns, and labels that are numbers."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.corpus.test_importer import config, imported, sentences, written
from tests.corpus.test_readers import read

from wenlu.base.errors import WenluError
from wenlu.corpus.diff import differ
from wenlu.corpus.export import export_dataset
from wenlu.corpus.labels import Numbers
from wenlu.corpus.report import data_report, render, show_report
from wenlu.corpus.settings import SPLITS, SourceConfig
from wenlu.corpus.statistics import statistics_of
from wenlu.corpus.version import DatasetVersion

ROWS = [
    {"a": "很好 ", "b": "不错", "y": 4.5},
    {"a": "とても良い", "b": "良い", "y": 5},
    {"a": "", "b": "空", "y": 1},
    {"a": "有␞符", "b": "坏", "y": 1},
]
JOINED = ["很好␞不错", "とても良い␞良い"]


@pytest.mark.parametrize("form", ["csv", "tsv", "json", "jsonl", "parquet"])
def test_several_columns_are_one_text_with_a_visible_mark_between(tmp_path: Path, form: str):
    path = tmp_path / f"a.{form}"
    if form == "parquet":
        pq.write_table(pa.Table.from_pylist([{**row, "y": float(row["y"])} for row in ROWS]), path)
    elif form == "json":
        path.write_text(json.dumps(ROWS), encoding="utf-8")
    elif form == "jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
    else:
        mark = "," if form == "csv" else "\t"
        path.write_text("".join(mark.join(map(str, row)) + "\n" for row in [ROWS[0], *map(dict.values, ROWS)]), "utf-8")
    texts, dropped = read(path, text_column=["a", "b"])
    assert [text.body for text in texts] == JOINED
    assert [one.reason for one in dropped] == ["no_text", "no_text"]


def test_columns_are_joined_by_number_too(tmp_path: Path):
    path = written(tmp_path / "a.tsv", ["很好\t3\t不错", "差\t1\t坏"])
    texts, _ = read(path, text_column=[0, 2], label_column=1)
    assert [(text.body, text.label) for text in texts] == [("很好␞不错", "3"), ("差␞坏", "1")]


@pytest.mark.parametrize("columns", [["a"], [], [0, -1]])
def test_a_list_of_fewer_than_two_columns_is_refused(columns: list[str | int]):
    with pytest.raises(ValueError, match="column"):
        SourceConfig(uri="x", text_column=columns)


def scored(folder: Path, labels: list[str], **settings: object) -> DatasetVersion:
    folder.mkdir(exist_ok=True)
    rows = [f"{body}\t{label}" for body, label in zip(sentences(len(labels)), labels, strict=True)]
    source = {"uri": str(written(folder / "a.tsv", rows)), "text_column": 0, "label_column": 1}
    return imported(folder, source, target="number", **settings)


def numbers(version: DatasetVersion) -> list[str | None]:
    return sorted(label or "" for split in SPLITS for _, label in version.rows(split))


def test_numbers_are_kept_and_what_is_none_is_refused_and_counted(tmp_path: Path):
    version = scored(tmp_path, ["2.40", "-0", "1e3", "-7", "nan", "inf", "1e99", "好", "4,5"])
    assert numbers(version) == ["-7.0", "0.0", "1000.0", "2.4"]
    assert version.manifest.counts.dropped == {"no_number": 5}
    assert version.target == "number"
    assert version.labels == []
    assert version.manifest.counts.labels == {split: {} for split in SPLITS}
    version.verify()


def test_a_json_number_is_a_number_and_only_where_numbers_are_asked_for(tmp_path: Path):
    path = tmp_path / "a.jsonl"
    rows = [{"text": body, "y": y} for body, y in zip(sentences(4), [2.5, 3, True, None], strict=True)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    source = {"uri": str(path), "label_column": "y"}
    assert numbers(imported(tmp_path / "n", source, target="number")) == ["2.5", "3.0"]
    assert numbers(imported(tmp_path / "w", source)) == ["3"]


def test_another_number_is_another_version_and_the_same_is_the_same(tmp_path: Path):
    path = tmp_path / "a.tsv"
    source = {"uri": str(path), "text_column": 0, "label_column": 1}
    versions = [
        imported(written(path, [f"很好吃\t{one}", f"太难吃\t{other}"]).parent, source, target="number").reference
        for one, other in (("1", "2"), ("1.0", "2.0"), ("1", "3"))
    ]
    assert versions[0] == versions[1] != versions[2]


def test_a_dataset_of_names_has_the_version_it_had_before_there_were_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    Path("a.tsv").write_text("很好吃\t好\n太难吃了\t坏\n房间干净\t好\n", encoding="utf-8")
    version = imported(tmp_path / "root", {"uri": "a.tsv", "text_column": 0, "label_column": 1})
    assert version.manifest.version == "31ee28f42d62"


def test_the_same_text_with_two_numbers_is_a_contradiction(tmp_path: Path):
    path = written(tmp_path / "a.tsv", ["很好吃的店\t1.5", "很好吃的店\t-2.5", "太难吃了\t0", "太难吃了\t0.0"])
    version = imported(tmp_path, {"uri": str(path), "text_column": 0, "label_column": 1}, target="number")
    assert version.manifest.counts.dropped == {"duplicate": 1, "label_conflict": 2}
    assert version.manifest.conflicts[0].labels == ["-2.5", "1.5"]


def test_names_of_classes_are_no_numbers():
    with pytest.raises(WenluError, match="'label_names' are of labels"):
        config({"uri": "x", "label_names": "y"}, target="number")


def test_numbers_pass_through_their_bits():
    kept = Numbers()
    words = ["0.0", "-1.5", "3.4028235e+38", "1e-45", None]
    bits = [kept.number(word) for word in words]
    import numpy as np

    assert kept.words(np.array(bits, dtype=np.int32)).to_pylist() == words


def test_the_report_shows_how_the_numbers_are_spread(tmp_path: Path):
    version = scored(tmp_path, [str(place / 20) for place in range(101)])
    spread = statistics_of(version).targets
    assert spread is not None
    assert sum(one.texts for one in spread.splits.values()) == 101
    assert sum(spread.bars.values()) == 101
    assert next(iter(spread.bars)) == "0–0.5"
    whole = [float(label or "") for split in SPLITS for _, label in version.rows(split)]
    mean = sum(one.mean * one.texts for one in spread.splits.values()) / 101
    assert mean == pytest.approx(sum(whole) / 101)
    facts = data_report(version)
    assert "how the numbers are spread" in render(facts)
    assert "Numbers" in list(show_report(facts))
    assert list(facts.statistics.examples) == [""]


def test_versions_of_numbers_are_compared_and_exported(tmp_path: Path):
    old = scored(tmp_path / "a", ["1", "2", "-3"])
    new = scored(tmp_path / "b", ["1", "2.5", "-3", "4"])
    counts = differ(old, new).counts
    assert (counts["relabelled"], counts["added"]) == (1, 1)
    assert export_dataset(new, tmp_path / "out.tsv") == 4
    again = imported(tmp_path / "c", {"uri": str(tmp_path / "out.tsv"), "label_column": "label"}, target="number")
    assert numbers(again) == numbers(new)
