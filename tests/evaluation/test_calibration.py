from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wenlu.bundle.predict import softmax
from wenlu.evaluation.bootstrap import draws_for
from wenlu.evaluation.calibration import calibration, fit_temperature, without_temperature

CHANCE = np.random.default_rng(3)


def drawn(texts: int, *, classes: int = 3, heat: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Labels drawn by the probabilities of logits, and these logits times `heat`: too sure where it is above 1."""
    logits = CHANCE.normal(size=(texts, classes)) * 2
    truth = (softmax(logits).cumsum(axis=1) > CHANCE.random((texts, 1))).argmax(axis=1)
    return logits * heat, truth


@pytest.mark.parametrize("heat", [0.2, 1.0, 4.0])
def test_the_temperature_that_labels_were_drawn_with_is_found(heat: float):
    logits, truth = drawn(20_000, heat=heat)
    assert fit_temperature(logits, truth) == pytest.approx(heat, rel=0.05)


def test_no_other_temperature_makes_the_labels_likelier():
    logits, truth = drawn(500, heat=3.0)
    found = fit_temperature(logits, truth)

    def likelihood(temperature: float) -> float:
        return float(np.log(softmax(logits / temperature)[np.arange(500), truth]).sum())

    assert all(likelihood(found) > likelihood(found * factor) for factor in (0.8, 0.95, 1.05, 1.2))


def test_where_every_answer_is_right_probabilities_stay_short_of_certain():
    truth = np.arange(40) % 2
    logits = np.eye(2)[truth]
    temperature = fit_temperature(logits, truth)
    assert softmax(logits / temperature).max() == pytest.approx(41 / 42, abs=1e-4)


@pytest.mark.parametrize("logits", [np.eye(2)[np.arange(19) % 2], np.full((30, 2), np.nan)])
def test_too_few_texts_and_logits_that_are_no_numbers_change_nothing(logits: np.ndarray):
    assert fit_temperature(logits, np.arange(len(logits)) % 2) == 1.0


@given(
    st.lists(
        st.lists(st.floats(-30, 30, width=32), min_size=4, max_size=4).filter(
            lambda row: sorted(row)[-1] - sorted(row)[-2] > 1e-6
        ),
        min_size=1,
        max_size=20,
    ),
    st.floats(0.02, 50.0),
)
def test_no_temperature_changes_an_answer(rows: list[list[float]], temperature: float):
    logits = np.array(rows)
    assert (softmax(logits / temperature).argmax(axis=1) == logits.argmax(axis=1)).all()


def test_the_error_is_that_of_the_paper():
    probabilities = np.array([[0.95, 0.05], [0.95, 0.05], [0.3, 0.7], [0.7, 0.3]])
    found = calibration(np.array([0, 1, 1, 1]), probabilities)
    # Two answers at 0.95 of which one is right, two at 0.7 of which one is right.
    assert found.error == pytest.approx((2 * 0.45 + 2 * 0.2) / 4)
    assert [(one.texts, one.accuracy) for one in found.bins] == [(2, 0.5), (2, 0.5)]
    assert [one.confidence for one in found.bins] == pytest.approx([0.7, 0.95])


def test_what_the_temperature_repaired_is_told_with_an_interval():
    logits, truth = drawn(4_000, heat=4.0)
    temperature = fit_temperature(logits, truth)
    found = calibration(truth, softmax(logits / temperature), temperature=temperature)
    assert found.before == pytest.approx(calibration(truth, softmax(logits)).error, abs=1e-9)
    assert found.error < 0.03 < 0.1 < found.before
    assert found.error_interval[0] <= found.error <= found.error_interval[1] < found.before_interval[0]
    assert found.before_interval[0] < found.before < found.before_interval[1]


def test_a_temperature_taken_out_leaves_what_was_there():
    logits, _ = drawn(50)
    np.testing.assert_allclose(without_temperature(softmax(logits / 2.5), 2.5), softmax(logits), atol=1e-12)


def test_a_perfectly_calibrated_model_is_not_called_wrong():
    zero_is_within = 0
    for _ in range(20):
        logits, truth = drawn(1_000)
        zero_is_within += calibration(truth, softmax(logits)).error_interval[0] < 0.01
    assert zero_is_within >= 18


def test_draws_are_bounded_however_many_texts_there_are():
    assert draws_for(1) == 1_000
    assert draws_for(10**9) == 100
