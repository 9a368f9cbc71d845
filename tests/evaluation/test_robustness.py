from __future__ import annotations

import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wenlu.evaluation.disturbances import (
    SwappedScript,
    disturbances,
    swapped_kana,
    swapped_width,
    with_slips,
    without_punctuation,
)
from wenlu.evaluation.robustness import disturbed, sampled, trials

REVIEWS = [
    "味道不错，送餐很快！",
    "太难吃了，再也不点。",
    "頭髮乾淨",
    "とてもオイシイ料理、ガッツリ。",
    "iPhone 5 很难用",
    "☆",
    "",
]


@pytest.mark.parametrize("text", REVIEWS)
def test_another_width_is_the_same_text_to_nfkc(text: str):
    same = unicodedata.normalize("NFKC", swapped_width(text))
    assert same == unicodedata.normalize("NFKC", text)


def test_katakana_become_half_as_wide_with_their_voicing():
    assert swapped_width("パンダのガラス、サッカー") == "ﾊﾟﾝﾀﾞのｶﾞﾗｽ、ｻｯｶｰ"
    assert swapped_width("ヰスキー") == "ヰｽｷｰ"
    assert swapped_width("ヴァイオリン") == "ｳﾞｧｲｵﾘﾝ"


def test_chinese_changes_its_script_and_japanese_does_not():
    swap = SwappedScript()
    assert swap("质量很差") == "質量很差"
    assert swap("質量很差") == "质量很差"
    assert swap("とても良い国です") == "とても良い国です"
    assert swap("good") == "good"


@given(st.text())
def test_kana_swapped_twice_are_what_they_were(text: str):
    assert swapped_kana(swapped_kana(text)) == text


def test_a_slip_is_small_the_same_every_time_and_never_of_a_mark():
    text = "这家店的服务非常好␞下次还会再来，推荐给大家！" * 3
    slipped = with_slips(text)
    assert slipped == with_slips(text) != text
    assert 0 <= len(text) - len(slipped) <= len(text) // 20
    marks = [character for character in text if not character.isalnum()]
    assert [character for character in slipped if not character.isalnum()] == marks
    assert with_slips("好") == "好"


def test_marks_of_every_width_go():
    assert without_punctuation("“很好”，100%！「良い」…·") == "很好100良い"


def test_only_texts_that_change_are_asked_and_never_an_empty_one():
    asked = {trial.name: trial for trial in trials(REVIEWS)}
    assert set(asked) == set(disturbances())
    assert asked["script"].rows == [0, 1, 2, 4]
    assert asked["kana"].rows == [3]
    assert asked["punctuation"].rows == [0, 1, 3]
    assert all(text.strip() for trial in asked.values() for text in trial.texts)


def test_of_many_texts_a_sample_is_asked_that_hangs_on_the_texts_alone():
    texts = [f"第{number}条评论" for number in range(500)]
    chosen = {texts[row] for row in sampled(texts, most=50)}
    assert len(chosen) == 50
    shuffled = texts[::-1]
    assert {shuffled[row] for row in sampled(shuffled, most=50)} == chosen
    assert sampled(texts, most=500) == list(range(500))


def test_changed_answers_and_lost_accuracy_are_counted_on_the_same_texts():
    trial = next(one for one in trials(REVIEWS) if one.name == "script")
    truth, before = np.array([1, 0, 0, 1, 1, 0, 0]), np.array([1, 0, 1, 1, 1, 0, 0])
    found = disturbed(trial, truth=truth, before=before, after=np.array([0, 0, 1, 1]))
    assert (found.texts, found.changed, found.before, found.accuracy) == (4, 1, 0.75, 0.5)
    assert found.changed_interval[0] < 0.25 < found.changed_interval[1]
