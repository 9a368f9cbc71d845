from __future__ import annotations

import numpy as np
import pytest

from wenlu.evaluation.bootstrap import drawn, interval
from wenlu.evaluation.f1 import compare_answers, f1_intervals
from wenlu.evaluation.metrics import measure

CHANCE = np.random.default_rng(5)


def answers(texts: int, accuracy: float, *, classes: int = 4) -> tuple[np.ndarray, np.ndarray]:
    truth = CHANCE.integers(classes, size=texts)
    wrong = CHANCE.random(texts) > accuracy
    return truth, np.where(wrong, (truth + CHANCE.integers(1, classes, size=texts)) % classes, truth)


def confusion(truth: np.ndarray, said: np.ndarray, classes: int = 4) -> np.ndarray:
    return np.bincount(truth * classes + said, minlength=classes**2).reshape(classes, classes)


def test_drawing_cells_is_drawing_texts():
    truth, said = answers(600, 0.8)
    by_texts = interval(drawn(lambda weights: weights @ (truth == said) / 600, 600))
    assert f1_intervals(confusion(truth, said)).micro_f1_interval == pytest.approx(by_texts, abs=0.005)


def test_the_intervals_hold_what_was_measured_and_narrow_with_texts():
    widths = []
    for texts in (200, 20_000):
        truth, said = answers(texts, 0.85)
        found = f1_intervals(confusion(truth, said))
        metrics = measure(labels=list("春夏秋冬"), truth=truth, probabilities=np.eye(4)[said])
        low, high = found.macro_f1_interval
        assert low < metrics.macro_f1 < high
        assert found.micro_f1 == metrics.accuracy
        for one, (low_of_label, high_of_label) in zip(metrics.per_class, found.label_intervals, strict=True):
            assert low_of_label < one.f1 < high_of_label
        widths.append(high - low)
    assert widths[1] < widths[0] / 5


def test_a_perfect_model_and_a_single_text_have_intervals_too():
    assert f1_intervals([[5, 0], [0, 5]]).macro_f1_interval == (1.0, 1.0)
    assert f1_intervals([[0, 1], [0, 0]]).macro_f1_interval == (0.0, 0.0)


def test_a_clearly_better_model_is_told_from_the_other():
    truth, said = answers(2_000, 0.95)
    other = np.where(CHANCE.random(2_000) < 0.1, (said + 1) % 4, said)
    found = compare_answers(truth, said, other, classes=4)
    assert found.distinguishable
    assert found.p_value < 1e-6
    assert found.accuracy - found.other_accuracy == pytest.approx((found.only_this - found.only_other) / 2_000)
    low, high = found.accuracy_lead_interval
    assert 0 < low < found.accuracy - found.other_accuracy < high
    assert 0 < found.macro_f1_lead_interval[0] < found.macro_f1_lead < found.macro_f1_lead_interval[1]


def test_two_models_that_differ_by_chance_are_not_told_apart():
    told_apart = 0
    for _ in range(40):
        truth, said = answers(500, 0.9)
        _, noise = answers(500, 0.9)
        other = np.where(CHANCE.random(500) < 0.1, noise, said)
        one = np.where(CHANCE.random(500) < 0.1, noise, said)
        told_apart += compare_answers(truth, one, other, classes=4).distinguishable
    assert told_apart <= 6


def test_a_model_beside_itself_leads_by_nothing():
    truth, said = answers(100, 0.9)
    found = compare_answers(truth, said, said, classes=4)
    assert (found.p_value, found.accuracy_lead_interval, found.distinguishable) == (1.0, (0.0, 0.0), False)
