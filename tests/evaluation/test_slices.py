from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest

from wenlu.base.records import Source, Text
from wenlu.evaluation.slices import cut_slices, fisher_p_value, worse_than_the_rest

TITLES = [
    "中国女排3比0横扫日本队", "央行宣布下调存款准备金率", "質量很差，再也不買了。", "這家餐廳的服務讓人難忘",
    "iPhone 15 Pro Max review", "とても良かったです。また利用します！", "スマートフォンのアプリ", "股市",
    "北京市明天气温将下降10度，市民外出注意保暖并关注最新预报",
]  # fmt: skip


def texts(bodies: list[str], *, labels: list[str] | None = None, files: list[str] | None = None) -> list[Text]:
    return [
        Text(body, labels[at] if labels else "甲", Source(files[at] if files else "a.txt"))
        for at, body in enumerate(bodies)
    ]


def test_each_script_has_the_texts_that_are_written_in_it():
    found = {one.name: one.texts for one in cut_slices(texts(TITLES), np.ones(9, dtype=bool)) if one.kind == "script"}
    assert found == {"zh-Hans": 3, "zh-Hant": 2, "ja": 2, "han": 1, "other": 1, "latin": 1, "katakana": 1}


def test_lengths_are_quarters_that_hold_every_text_once():
    slices = [one for one in cut_slices(texts(TITLES), np.ones(9, dtype=bool)) if one.kind == "length"]
    assert sum(one.texts for one in slices) == 9
    assert slices[0].name.startswith("2–")
    assert slices[-1].name.endswith("–29")


def test_texts_of_one_length_one_script_and_one_source_are_no_slice():
    assert cut_slices(texts(["很难", "很贵", "不错"]), np.array([True, False, True])) == ()


def test_a_slice_that_is_worse_is_named_and_one_that_is_by_chance_is_not():
    bodies = ["今天天气很好我们去公园"] * 400 + ["今天天氣很好我們去公園"] * 40
    right = np.array([True] * 380 + [False] * 20 + [True] * 25 + [False] * 15)
    slices = cut_slices(texts(bodies), right)
    assert [one.name for one in worse_than_the_rest(slices)] == ["zh-Hant"]
    traditional = next(one for one in slices if one.name == "zh-Hant")
    assert (traditional.texts, traditional.accuracy, traditional.rest_accuracy) == (40, 0.625, 0.95)
    assert traditional.accuracy_interval[0] < 0.625 < traditional.accuracy_interval[1]
    barely = np.array([True] * 380 + [False] * 20 + [True] * 37 + [False] * 3)
    assert worse_than_the_rest(cut_slices(texts(bodies), barely)) == ()


def test_a_model_that_is_as_good_everywhere_has_hardly_ever_a_worse_slice():
    chance = np.random.default_rng(2)
    bodies = [title + "好" * int(extra) for title in TITLES * 40 for extra in chance.integers(30, size=1)]
    blamed = sum(bool(worse_than_the_rest(cut_slices(texts(bodies), chance.random(360) < 0.9))) for _ in range(40))
    assert blamed <= 5


def test_sources_are_files_or_the_folders_of_many_files_or_nothing():
    bodies, right = ["好评如潮"] * 60, np.ones(60, dtype=bool)
    by_file = cut_slices(texts(bodies, files=[f"part-{at % 3}.csv" for at in range(60)]), right)
    assert [one.name for one in by_file] == ["part-0.csv", "part-1.csv", "part-2.csv"]
    by_folder = cut_slices(texts(bodies, files=[f"news/{at % 2}/{at}.txt" for at in range(60)]), right)
    assert [(one.name, one.texts) for one in by_folder] == [("news/0", 30), ("news/1", 30)]
    assert cut_slices(texts(bodies, files=[f"{at}/{at}.txt" for at in range(60)]), right) == ()


def test_rare_labels_and_strange_words_are_slices():
    rows = texts(["很好"] * 20, labels=["常见"] * 17 + ["罕见"] * 3)
    found = cut_slices(
        rows,
        np.array([True] * 17 + [False] * 3),
        label_counts={"常见": 900, "罕见": 40},
        unknown=np.array([0.0] * 15 + [0.1] * 5),
    )
    assert [(one.kind, one.name, one.texts) for one in found] == [("rare_labels", "罕见", 3), ("unknown", "10%", 5)]
    assert found[0].worse


@pytest.mark.parametrize(("texts", "rest"), [(3, 4), (5, 10), (10, 3)])
def test_the_exact_test_is_the_sum_of_its_chances(texts: int, rest: int):
    for right, rest_right in product(range(texts + 1), range(rest + 1)):
        every_right = right + rest_right
        chances = [
            math.comb(every_right, k) * math.comb(texts + rest - every_right, texts - k)
            for k in range(right + 1)
            if k <= every_right and texts - k <= texts + rest - every_right
        ]
        expected = sum(chances) / math.comb(texts + rest, texts)
        assert fisher_p_value(right, texts, rest_right=rest_right, rest=rest) == pytest.approx(expected)


def test_the_exact_test_takes_no_time_on_a_million_texts():
    assert fisher_p_value(400_000, 500_000, rest_right=410_000, rest=500_000) < 1e-100
    assert fisher_p_value(450_000, 500_000, rest_right=450_000, rest=500_000) == pytest.approx(0.5, abs=0.01)
