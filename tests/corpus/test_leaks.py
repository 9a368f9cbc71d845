from __future__ import annotations

import random

from wenlu.corpus.leaks import near_copies

LETTERS = "今日天气真好我们去公园散步吃了很多东西非常开心下次再来看花火大会夏祭面白映画音楽電車駅前"


def sentences(number: int, *, seed: int) -> list[str]:
    chance = random.Random(seed)
    return ["".join(chance.choices(LETTERS, k=40)) for _ in range(number)]


def test_a_text_with_a_word_more_is_found_beside_its_source():
    training = sentences(500, seed=1)
    (found,) = near_copies(["转" + training[77] + "！！"], training, threshold=0.8, shingle=3)
    assert (found.text, found.source) == (0, training[77])
    assert 0.9 < found.similarity < 1


def test_texts_of_the_same_letters_are_no_copies():
    assert near_copies(sentences(100, seed=2), sentences(500, seed=3), threshold=0.8, shingle=3) == ()


def test_the_likest_of_several_sources_is_named():
    (text,) = sentences(1, seed=4)
    (found,) = near_copies([text], [text + "一二三", text + "一", text + "一二"], threshold=0.8, shingle=3)
    assert found.source == text + "一"


def test_texts_without_a_letter_are_like_nothing():
    assert near_copies(["！？", ""], ["！？", "", "…"], threshold=0.8, shingle=3) == ()


def test_nothing_is_like_nothing():
    assert near_copies([], ["很好"], threshold=0.8, shingle=3) == ()
    assert near_copies(["很好"], [], threshold=0.8, shingle=3) == ()
