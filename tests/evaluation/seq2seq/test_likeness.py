from __future__ import annotations

import random

import numpy as np
import pytest

from wenlu.base.errors import WenluError
from wenlu.evaluation.seq2seq.likeness import chrf, common_subsequence, ngram_counts, rouge_l
from wenlu.evaluation.seq2seq.measures import Compared, measure_foretold


def by_the_table(one: str, other: str) -> int:
    """The longest common subsequence as textbooks have it."""
    row = [0] * (len(other) + 1)
    for ours in one:
        before = row[:]
        for place, theirs in enumerate(other):
            row[place + 1] = before[place] + 1 if ours == theirs else max(before[place + 1], row[place])
    return row[-1]


def test_the_longest_common_subsequence_is_that_of_the_table():
    chance = random.Random(1)
    for _ in range(300):
        one, other = ("".join(chance.choices("春夏秋冬はるなつ", k=chance.randint(0, 90))) for _ in range(2))
        assert common_subsequence(one, other) == by_the_table(one, other)


def test_rouge_l_as_worked_out_by_hand():
    # 学习 常 is common to both: 3 of 6 and 3 of 5 characters
    assert rouge_l("学习要经常练", "学习时常习") == pytest.approx(2 * 3 / 11)
    assert rouge_l("東京で火事", "東京で火事") == 1
    assert rouge_l("", "東京") == 0


def test_chrf_as_worked_out_by_hand():
    # answer 上海东, target 上海市: 2 of 3 single characters, 1 of 2 pairs, 0 of 1 triple; nothing longer in either.
    counts = ngram_counts("上海东", "上海市")
    assert counts.tolist() == [[3, 3, 2], [2, 2, 1], [1, 1, 0], [0, 0, 0], [0, 0, 0], [0, 0, 0]]
    mean = (2 / 3 + 1 / 2 + 0) / 3
    assert float(chrf(counts)) == pytest.approx(mean)  # precision is recall, so their F is both
    # answer 上海, target 上海市: precision 1 and 1, recall 2/3 and 1/2; the answer has no triple, which counts not
    precision, recall = 1.0, (2 / 3 + 1 / 2) / 2
    assert float(chrf(ngram_counts("上海", "上海市"))) == pytest.approx(
        5 * precision * recall / (4 * precision + recall)
    )


def test_chrf_of_a_corpus_is_of_sums_and_does_not_see_white_space():
    assert float(chrf(ngram_counts("東京 で", "東京で"))) == 1
    assert float(chrf(ngram_counts("春", "冬"))) == 0
    assert float(chrf(ngram_counts("", ""))) == 0
    both = ngram_counts("上海东", "上海市") + ngram_counts("東京駅前", "東京駅前")
    assert float(chrf(both)) == pytest.approx(((6 / 7 + 4 / 5 + 2 / 3 + 1) / 4), rel=1e-9)


def test_a_gram_that_is_written_more_often_than_it_should_counts_once():
    assert ngram_counts("好好好", "好人").tolist()[0] == [3, 2, 1]


@pytest.mark.parametrize("seed", [1, 2])
def test_figures_stand_in_their_intervals_and_those_narrow_with_texts(seed: int):
    chance = random.Random(seed)

    def compared(texts: int) -> Compared:
        targets = ["".join(chance.choices("春夏秋冬東西南北", k=12)) for _ in range(texts)]
        answers = [
            "".join(chance.choice("春夏秋冬") if chance.random() < 0.3 else one for one in text) for text in targets
        ]
        return Compared.of(answers, targets)

    few, many = compared(30).likeness(), compared(500).likeness()
    for found in (few, many):
        for figure in (found.rouge_l, found.chrf, found.exact):
            assert 0 <= figure.low <= figure.value <= figure.high <= 1
    assert many.chrf.high - many.chrf.low < (few.chrf.high - few.chrf.low) / 2


def test_a_better_one_is_told_from_a_worse_and_equals_are_not_told_apart():
    targets = [f"第{number}章讲学习与思考的关系" for number in range(80)]
    better = Compared.of([target[:-1] for target in targets], targets)
    worse = Compared.of([target[:6] for target in targets], targets)
    ahead = better.ahead_of(worse)
    assert ahead.rouge_l.low > 0
    assert ahead.chrf.low > 0
    assert worse.ahead_of(better).rouge_l.high < 0
    level = better.ahead_of(better)
    assert (level.rouge_l.low, level.rouge_l.value, level.rouge_l.high) == (0, 0, 0)


def test_perplexity_and_bits_are_of_all_tokens_and_characters():
    found = measure_foretold(
        nats=np.array([3 * np.log(8), 1 * np.log(8)]), tokens=np.array([3, 1]), characters=np.array([6, 6])
    )
    assert found.perplexity.value == pytest.approx(8)
    assert (found.perplexity.low, found.perplexity.high) == pytest.approx((8, 8))
    assert found.bits_per_character.value == pytest.approx(4 * 3 / 12)


def test_what_is_no_number_and_no_text_can_not_be_measured():
    one = np.array([1])
    with pytest.raises(WenluError, match="no number"):
        measure_foretold(nats=np.array([np.nan]), tokens=one, characters=one)
    with pytest.raises(WenluError, match="no text"):
        measure_foretold(nats=np.empty(0), tokens=one[:0], characters=one[:0])
    with pytest.raises(WenluError, match="no text"):
        Compared.of([], [])
