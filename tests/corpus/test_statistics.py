from __future__ import annotations

from pathlib import Path

import pytest
from tests.corpus.test_importer import imported, written

from wenlu.corpus.statistics import BOUNDS, STATISTICS, Statistics, statistics_of, work_out
from wenlu.corpus.version import DatasetVersion

TEXTS = [
    ("送餐太慢了，等了一个多小时。", "差"),
    ("味道很好，下次还会再来！", "好"),
    ("超級好吃啊！下次還要吃這家的外賣", "好"),
    ("この商品はとても良かったです。", "好"),
    ("The food was cold.", "差"),
    ("明月", "好"),
]


def version(folder: Path, texts: list[tuple[str, str]], **settings: object) -> DatasetVersion:
    folder.mkdir(exist_ok=True)
    path = written(folder / "texts.tsv", [f"{body}\t{label}" for body, label in texts])
    return imported(folder, {"uri": str(path), "text_column": 0, "label_column": 1}, **settings)


def test_what_the_texts_are_like(tmp_path: Path):
    statistics = statistics_of(version(tmp_path, TEXTS))
    bodies = [body for body, _ in TEXTS]
    assert sum(one.texts for one in statistics.lengths.values()) == len(TEXTS)
    assert statistics.characters == sum(map(len, bodies))
    assert statistics.languages == {"zh-Hans": 2, "zh-Hant": 1, "ja": 1, "han": 1, "other": 1}
    assert statistics.scripts["latin"] == sum(character.isascii() and character.isalpha() for character in bodies[4])
    assert statistics.scripts["hiragana"] == len("このはとてもかったです")
    assert sum(statistics.scripts.values()) == statistics.characters
    assert statistics.shortest[0] == "明月"
    assert statistics.longest[0] == "The food was cold."
    assert {label: len(shown) for label, shown in statistics.examples.items()} == {"好": 3, "差": 2}


def test_the_order_of_texts_does_not_matter(tmp_path: Path):
    there = version(tmp_path / "there", TEXTS, name="d")
    back = version(tmp_path / "back", TEXTS[::-1], name="d")
    assert statistics_of(there) == statistics_of(back)


def test_lengths_are_exact(tmp_path: Path):
    texts = [("一" * length, "好") for length in range(2, 103)]
    settings = {"normalize": [], "max_length": 1_000}
    made = version(tmp_path, texts, clean=settings, dedup={"near": None}, split={"validation": 0, "test": 0})
    lengths = statistics_of(made).lengths["train"]
    assert lengths.quantiles == [2, 7, 52, 97, 102]
    counted = {bound: number for bound, number in zip(BOUNDS, lengths.bars, strict=True) if number}
    assert counted == {2: 3, 5: 5, 10: 10, 20: 30, 50: 50, 100: 3}


def test_odd_characters_are_counted(tmp_path: Path):
    made = version(tmp_path, [("外字\ue000と\ufffdと\ue000です", "好"), ("普通です", "好")], clean={"normalize": []})
    assert statistics_of(made).odd == {"\ue000": 2, "\ufffd": 1}


@pytest.mark.parametrize("content", [None, b"", b"{}", b"\xff"])
def test_statistics_that_are_gone_are_worked_out_again(tmp_path: Path, content: bytes | None):
    made = version(tmp_path, TEXTS)
    expected: Statistics = statistics_of(made)
    if content is None:
        (made.folder / STATISTICS).unlink()
    else:
        (made.folder / STATISTICS).write_bytes(content)
    assert statistics_of(made) == expected == work_out(made)
