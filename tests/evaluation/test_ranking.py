from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wenlu.bundle.predict import softmax
from wenlu.evaluation.abstention import answered_above
from wenlu.evaluation.ranking import rank

CHANCE = np.random.default_rng(11)
LABELS = ("体育", "财经", "科技")


def of_two(scores: list[float], positive: list[bool]) -> tuple[np.ndarray, np.ndarray]:
    column = np.array(scores)
    return np.array(positive).astype(int), np.stack([1 - column, column], axis=1)


def pairs_in_order(scores: list[float], positive: list[bool]) -> float:
    """The definition, pair by pair."""
    trues = [score for score, true in zip(scores, positive, strict=True) if true]
    falses = [score for score, true in zip(scores, positive, strict=True) if not true]
    return float(np.mean([(a > b) + (a == b) / 2 for a, b in itertools.product(trues, falses)]))


def average_precision(scores: list[float], positive: list[bool]) -> float:
    """The definition, threshold by threshold."""
    total, found_before = 0.0, 0
    for threshold in sorted(set(scores), reverse=True):
        taken = [true for score, true in zip(scores, positive, strict=True) if score >= threshold]
        total += (sum(taken) - found_before) / sum(positive) * sum(taken) / len(taken)
        found_before = sum(taken)
    return total


@given(
    st.lists(st.tuples(st.sampled_from([0.1, 0.2, 0.35, 0.5, 0.8, 0.9]), st.booleans()), min_size=2, max_size=30)
    .filter(lambda rows: len({true for _, true in rows}) == 2)
)  # fmt: skip
def test_both_areas_are_those_of_their_definitions(rows: list[tuple[float, bool]]):
    scores, positive = [row[0] for row in rows], [row[1] for row in rows]
    found = rank(["差评", "好评"], *of_two(scores, positive))
    assert found is not None
    assert found.labels[1].roc_auc == pytest.approx(pairs_in_order(scores, positive))
    assert found.labels[1].average_precision == pytest.approx(average_precision(scores, positive))


def test_the_example_everybody_has_seen():
    found = rank(["0", "1"], *of_two([0.1, 0.4, 0.35, 0.8], [False, False, True, True]))
    assert found is not None
    assert found.labels[1].roc_auc == pytest.approx(0.75)
    assert found.labels[1].average_precision == pytest.approx(0.8333333)


def test_intervals_hold_the_area_and_labels_without_texts_are_left_out():
    truth = CHANCE.integers(2, size=400)
    probabilities = softmax(CHANCE.normal(size=(400, 3)) + 1.5 * np.eye(3)[truth])
    found = rank(LABELS, truth, probabilities)
    assert found is not None
    assert [one.label for one in found.labels] == ["体育", "财经"]
    for one in found.labels:
        assert one.roc_auc_interval[0] < one.roc_auc < one.roc_auc_interval[1]
        assert one.average_precision_interval[0] < one.average_precision < one.average_precision_interval[1]


def test_curves_go_from_corner_to_corner_and_stay_short():
    truth = CHANCE.integers(3, size=5_000)
    found = rank(LABELS, truth, softmax(CHANCE.normal(size=(5_000, 3)) + np.eye(3)[truth]))
    assert found is not None
    for one in found.labels:
        assert (one.roc[0], one.roc[-1]) == ((0.0, 0.0), (1.0, 1.0))
        assert one.pr[-1][0] == 1.0
        assert len(one.roc) <= 60 >= len(one.pr)
        heights = [up for _, up in one.roc]
        assert heights == sorted(heights)


def test_texts_of_one_label_have_no_order():
    assert rank(LABELS, np.zeros(5, dtype=int), softmax(CHANCE.normal(size=(5, 3)))) is None


def test_the_surer_answers_are_fewer_and_the_counts_are_right():
    truth, probabilities = of_two([0.55, 0.65, 0.95, 0.2], [False, True, True, False])
    found = {one.threshold: one for one in answered_above(truth, probabilities, threshold=0.66)}
    assert (found[0.5].texts, found[0.5].accuracy) == (4, 0.75)
    assert (found[0.66].texts, found[0.66].share, found[0.66].accuracy) == (2, 0.5, 1.0)
    assert (found[0.99].texts, found[0.99].accuracy, found[0.99].accuracy_interval) == (0, None, None)
    assert list(found) == sorted(found)
