from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest

from wenlu.base.errors import WenluError
from wenlu.evaluation.metrics import Metrics, measure, wilson_interval

LABELS = ("体育", "財経", "教育")
TRUTH = np.array([0, 0, 0, 1, 1, 2])
PROBABILITIES = np.array(
    [
        [0.8, 0.1, 0.1],  # right
        [0.6, 0.3, 0.1],  # right
        [0.2, 0.7, 0.1],  # 体育 taken for 財経
        [0.1, 0.5, 0.4],  # right
        [0.3, 0.2, 0.5],  # 財経 taken for 教育
        [0.1, 0.1, 0.8],  # right
    ]
)


def test_accuracy_and_confusion_count_what_is_seen():
    measured = measure(labels=LABELS, truth=TRUTH, probabilities=PROBABILITIES)
    assert measured.texts == 6
    assert measured.accuracy == 4 / 6
    assert measured.confusion == ((2, 1, 0), (0, 1, 1), (0, 0, 1))


def test_every_label_has_the_precision_recall_and_f1_computed_by_hand():
    sport, money, school = measure(labels=LABELS, truth=TRUTH, probabilities=PROBABILITIES).per_class
    assert (sport.precision, sport.recall, sport.f1, sport.support) == (1.0, 2 / 3, 0.8, 3)
    assert (money.precision, money.recall, money.f1, money.support) == (0.5, 0.5, 0.5, 2)
    assert (school.precision, school.recall, school.f1, school.support) == (0.5, 1.0, 2 / 3, 1)


def test_macro_f1_is_the_plain_mean_over_labels():
    measured = measure(labels=LABELS, truth=TRUTH, probabilities=PROBABILITIES)
    assert measured.macro_f1 == pytest.approx((0.8 + 0.5 + 2 / 3) / 3)


def test_log_loss_is_the_mean_surprise_of_the_true_labels():
    by_hand = -sum(math.log(p) for p in (0.8, 0.6, 0.2, 0.5, 0.2, 0.8)) / 6
    assert measure(labels=LABELS, truth=TRUTH, probabilities=PROBABILITIES).log_loss == pytest.approx(by_hand)


def test_a_label_without_texts_does_not_enter_macro_f1():
    measured = measure(labels=LABELS, truth=TRUTH[:5], probabilities=PROBABILITIES[:5])
    assert measured.per_class[2].support == 0
    assert measured.macro_f1 == pytest.approx((0.8 + 0.5) / 2)


def test_a_label_that_is_never_answered_has_precision_zero():
    measured = measure(labels=("a", "b"), truth=np.array([0, 1]), probabilities=np.array([[0.9, 0.1], [0.9, 0.1]]))
    assert measured.per_class[1].precision == 0.0
    assert measured.per_class[1].f1 == 0.0


def test_a_certain_mistake_costs_much_but_not_infinitely():
    measured = measure(labels=("a", "b"), truth=np.array([1]), probabilities=np.array([[1.0, 0.0]]))
    assert 30 < measured.log_loss < 40


def test_the_wilson_interval_agrees_with_published_values():
    # Newcombe 1998, Statistics in Medicine 17, table I, method 3
    assert wilson_interval(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson_interval(15, 148) == pytest.approx((0.0624, 0.1605), abs=5e-5)
    assert wilson_interval(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)
    assert wilson_interval(1, 29) == pytest.approx((0.0061, 0.1718), abs=5e-5)


def test_the_interval_of_a_perfect_score_is_not_a_point():
    low, high = wilson_interval(10, 10)
    assert high == 1.0
    assert low < 0.75


def test_metrics_survive_json():
    measured = measure(labels=LABELS, truth=TRUTH, probabilities=PROBABILITIES.astype(np.float32))
    assert msgspec.json.decode(msgspec.json.encode(measured), type=Metrics) == measured


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("no_texts", {"truth": TRUTH[:0], "probabilities": PROBABILITIES[:0]}),
        ("bad_labels", {"labels": ("体育", "体育", "教育")}),
        ("bad_labels", {"labels": ("体育",)}),
        ("bad_predictions", {"probabilities": PROBABILITIES[:, :2]}),
        ("bad_predictions", {"probabilities": PROBABILITIES[:4]}),
        ("bad_predictions", {"probabilities": np.where(PROBABILITIES > 0.7, np.nan, PROBABILITIES)}),
        ("bad_predictions", {"probabilities": PROBABILITIES * 7 - 3}),
        ("bad_predictions", {"truth": np.array([0, 0, 0, 1, 1, 3])}),
        ("bad_predictions", {"truth": TRUTH.astype(float)}),
    ],
)
def test_predictions_that_cannot_be_measured_are_refused(code, change):
    with pytest.raises(WenluError) as refused:
        measure(**{"labels": LABELS, "truth": TRUTH, "probabilities": PROBABILITIES, **change})
    assert refused.value.code == code
