from __future__ import annotations

import random

import numpy as np

from wenlu.evaluation.giveaways import giveaways
from wenlu.evaluation.noise import Answered, contradictions, doubted, together


def answered(truth: list[int], answers: list[int], sureness: list[float]) -> Answered:
    return Answered(np.array(truth), np.array(answers), np.array(sureness))


def test_the_surest_fifth_of_what_all_agree_on_is_looked_at():
    sureness = [0.9, 0.8, 0.1, 0.2, 0.3, 0.4, 0.15, 0.25, 0.35, 0.7]
    one = answered([0] * 10, [0, 1, 1, 1, 1, 1, 1, 1, 1, 0], sureness)
    other = answered([0] * 10, [0, 1, 1, 1, 1, 1, 1, 1, 1, 1], sureness)
    assert contradictions([one, other]) == (2, 1)


def test_what_no_two_agree_on_says_nothing_of_labels():
    one, other = answered([0] * 10, [0] * 10, [0.9] * 10), answered([0] * 10, [1] * 10, [0.9] * 10)
    assert contradictions([one, other]) == (0, 0)


def test_a_label_is_doubted_where_all_are_sure_of_the_same_other_one():
    sureness = [0.9, 0.95, 0.8, 0.2, 0.3, 0.1]
    one = answered([0] * 6, [1, 2, 1, 1, 0, 0], sureness)
    other = answered([0] * 6, [1, 2, 2, 1, 0, 0], sureness)
    assert doubted([one, other]).tolist() == [1, 0]  # the third is answered otherwise, of the fourth nobody is sure


def test_equal_sureness_is_ranked_by_place_and_not_lost():
    assert answered([0, 0], [0, 0], [0.5, 0.5]).ranks.tolist() == [0.5, 1.0]


def test_validation_and_test_are_looked_at_together():
    one = answered([0], [1], [0.5])
    assert together({"train": one, "validation": one, "test": one}).truth.tolist() == [0, 0]


def made(number: int, *, mark: str = "") -> tuple[list[str], np.ndarray]:
    """Texts of two labels about the same things, the first with a mark in them."""
    chance = random.Random(number)
    words = ["天気", "今日", "東京", "野球", "映画", "音楽", "電車", "料理"]
    texts = ["".join(chance.choices(words, k=6)) + (mark if row % 2 == 0 else "") for row in range(number)]
    return texts, np.arange(number) % 2


def test_a_signature_of_one_label_gives_it_away():
    texts, truth = made(200, mark="提供：編集部")
    (found,) = giveaways(texts, truth, ["甲", "乙"])
    assert (found.label, found.precision, found.recall) == ("甲", 1.0, 1.0)
    assert found.piece in "提供編集部"


def test_texts_of_the_same_words_give_nothing_away():
    texts, truth = made(200)
    assert giveaways(texts, truth, ["甲", "乙"]) == ()


def test_few_texts_of_a_label_show_no_pattern():
    texts, truth = made(30, mark="提供：編集部")
    assert giveaways(texts, truth, ["甲", "乙"]) == ()


def test_texts_of_nothing_and_of_one_character_are_looked_at_too():
    assert giveaways(["", "好", "！？", "𠮷"], np.array([0, 1, 0, 1]), ["甲", "乙"]) == ()


def test_skill_is_what_is_right_beyond_guessing():
    assert answered([0, 0, 0, 1], [0, 0, 0, 1], [0.5] * 4).skill == 1.0
    assert answered([0, 0, 0, 1], [0, 0, 0, 0], [0.5] * 4).skill == 0.0
    assert answered([0, 0], [0, 1], [0.5] * 2).skill == 0.0  # there is nothing to tell apart
