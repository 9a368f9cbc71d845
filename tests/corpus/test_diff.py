from __future__ import annotations

from pathlib import Path

import pytest
from tests.corpus.test_importer import imported, sentences, written

from wenlu.corpus.diff import Difference, differ
from wenlu.corpus.version import DatasetVersion


def version(folder: Path, rows: list[tuple[str, str]], **settings: object) -> DatasetVersion:
    path = written(folder / "a.tsv", [f"{body}\t{label}" for body, label in rows])
    source = {"uri": str(path), "text_column": 0, "label_column": 1}
    return imported(folder, source, clean={"normalize": []}, **settings)


@pytest.mark.parametrize("part", [8_000_000, 7])
def test_added_removed_edited_and_relabelled_texts_are_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: int
):
    monkeypatch.setattr("wenlu.corpus.diff._PART", part)
    texts = [(body, "好") for body in sentences(30)]
    old = version(tmp_path, texts)
    changed = [*texts[:28], ("とても美味しいラーメンでした", "好"), *((body, "好") for body in sentences(3, start=100))]
    changed[4] = (changed[4][0], "坏")
    changed[7] = (f"{changed[7][0]}と書き直した", "好")
    new = version(tmp_path, changed)
    difference = differ(old, new)
    # line 29 was one text and is another; line 30 is gone with its text, and three lines are new, one of them line 30
    assert difference.counts == {"added": 2, "removed": 0, "edited": 3, "relabelled": 1, "moved": 0}
    assert difference.same == 26
    assert difference.labels == {"坏": 1, "好": 1}
    [relabelled] = difference.examples["relabelled"]
    assert (relabelled.text, relabelled.before, relabelled.now) == (changed[4][0], "好", "坏")
    assert changed[7][0] in {example.text for example in difference.examples["edited"]}


def test_a_version_does_not_differ_from_itself_and_the_way_back_is_the_mirror(tmp_path: Path):
    old = version(tmp_path, [(body, "好") for body in sentences(20)])
    new = version(tmp_path, [(body, "好") for body in sentences(25)])
    assert counts(differ(old, old)) == {}
    assert counts(differ(old, new)) == {"added": 5}
    assert counts(differ(new, old)) == {"removed": 5}


def test_texts_that_stand_in_another_split_have_moved(tmp_path: Path):
    texts = [(body, "好") for body in sentences(40)]
    old, new = version(tmp_path, texts), version(tmp_path, texts, split={"salt": "another"})
    difference = differ(old, new)
    assert difference.counts["moved"] + difference.same == 40
    assert difference.counts["moved"] > 0
    assert all(example.before != example.now for example in difference.examples["moved"])


def counts(difference: Difference) -> dict[str, int]:
    return {kind: count for kind, count in difference.counts.items() if count}
