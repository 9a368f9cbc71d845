from __future__ import annotations

import math
from collections import Counter, defaultdict

import pytest

from wenlu.base.errors import WenluError
from wenlu.evaluation.language.ngram import Ngram

POEMS = ["床前明月光", "疑是地上霜", "舉頭望明月", "低頭思故鄉", "明月出天山", "蒼茫雲海間", "月明星稀"]
JAPANESE = ["吾輩は猫である", "名前はまだ無い", "どこで生れたか", "とんと見当がつかぬ"]


def by_hand(texts: list[str], asked: str, order: int) -> float:
    """Interpolated Kneser-Ney with discounts of a half, from its definition, one character at a time."""
    grams: list[Counter[tuple[str, ...]]] = [Counter() for _ in range(order + 1)]
    for text in texts:
        row = ["^"] * (order - 1) + list(text) + ["$"]
        for place in range(order - 1, len(row)):
            grams[order][tuple(row[place - order + 1 : place + 1])] += 1
    for length in range(order - 1, 0, -1):
        for gram in grams[length + 1]:
            grams[length][gram[1:]] += 1
    size = len({character for text in texts for character in text}) + 2
    follow: list[dict[tuple[str, ...], list[int]]] = [defaultdict(list) for _ in range(order + 1)]
    for length in range(1, order + 1):
        for gram, times in grams[length].items():
            follow[length][gram[:-1]].append(times)

    def probability(gram: tuple[str, ...]) -> float:
        if not gram:
            return 1 / size
        below = probability(gram[1:])
        times = follow[len(gram)].get(gram[:-1])
        if not times:
            return below
        return (max(grams[len(gram)][gram] - 0.5, 0) + 0.5 * len(times) * below) / sum(times)

    row = ["^"] * (order - 1) + list(asked) + ["$"]
    return -sum(math.log(probability(tuple(row[at - order + 1 : at + 1]))) for at in range(order - 1, len(row)))


@pytest.mark.parametrize("texts", [POEMS, JAPANESE], ids=["zh", "ja"])
@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_it_is_kneser_ney_as_worked_out_by_hand(texts: list[str], order: int):
    asked = [texts[0], texts[1][::-1], "xyz", "", texts[2][:3]]
    found = Ngram(texts, order=order).surprise(asked)
    assert found.tolist() == pytest.approx([by_hand(texts, text, order) for text in asked], rel=1e-9)


def test_texts_like_those_it_learned_surprise_it_less():
    model = Ngram(POEMS)
    known, strange = model.surprise(["床前明月光", "光月明前床"])
    assert known < strange / 2


def test_a_text_is_as_surprising_among_others_as_alone():
    model = Ngram(JAPANESE)
    together = model.surprise(JAPANESE)
    assert together.tolist() == pytest.approx([float(model.surprise([text])[0]) for text in JAPANESE])


def test_it_counts_no_more_characters_than_it_may():
    assert Ngram(POEMS, characters=5).size == len(set(POEMS[0])) + 2


def test_without_texts_there_is_nothing_to_count():
    with pytest.raises(WenluError, match="no text"):
        Ngram([])
