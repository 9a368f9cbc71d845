from __future__ import annotations

from pathlib import Path

import pytest
from tests.corpus.test_importer import bodies, imported, sentences, written

from wenlu.base.errors import WenluError
from wenlu.corpus.export import export_dataset
from wenlu.corpus.settings import SPLITS
from wenlu.corpus.version import DatasetVersion


def version(folder: Path, texts: list[str], name: str = "d") -> DatasetVersion:
    rows = [f"{body}\t{'好' if number % 2 else 'わるい'}" for number, body in enumerate(texts)]
    source = {"uri": str(written(folder / "a.tsv", rows)), "text_column": 0, "label_column": 1}
    return imported(folder, source, name=name)


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".tsv", ".parquet"])
def test_what_is_exported_can_be_imported_again(tmp_path: Path, suffix: str):
    texts = [*sentences(60), '引用"と,コンマ', "= 1 + 1 等于 2"]
    before = version(tmp_path, texts)
    path = tmp_path / f"out{suffix}"
    assert export_dataset(before, path) == 62
    source = {"uri": str(path), "text_column": "text", "label_column": "label"}
    after = imported(tmp_path, source, name="again")
    for split in SPLITS:
        assert bodies(before, split) == bodies(after, split)
        assert before.label_counts(split) == after.label_counts(split)


def test_one_split_is_exported_alone_and_texts_as_lines(tmp_path: Path):
    before = version(tmp_path, sentences(60))
    assert export_dataset(before, tmp_path / "a.txt", split="train") == before.count("train")
    assert set((tmp_path / "a.txt").read_text(encoding="utf-8").splitlines()) == bodies(before, "train")


def test_an_export_overwrites_nothing_and_leaves_nothing_half_written(tmp_path: Path):
    path = written(tmp_path / "b.jsonl", ['{"text": "一行\\n二行"}'])
    before = imported(tmp_path, {"uri": str(path)}, clean={"normalize": []})
    with pytest.raises(WenluError, match="already"):
        export_dataset(before, path)
    with pytest.raises(WenluError, match="line end"):
        export_dataset(before, tmp_path / "out.txt")
    with pytest.raises(WenluError, match="does not tell a format"):
        export_dataset(before, tmp_path / "out.doc")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["b.jsonl", "datasets"]


def test_a_removed_version_is_gone_and_the_others_stay(tmp_path: Path):
    one, two = version(tmp_path, sentences(20)), version(tmp_path, sentences(30))
    one.remove()
    assert [path.name for path in (tmp_path / "datasets" / "d").iterdir()] == [two.manifest.version]
