from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.bundles import TEXTS, make_bundle

from wenlu.bundle.parity import differences, read_golden
from wenlu.bundle.predict import Predictor, as_numbers, batches_by_length, padded, softmax
from wenlu.bundle.seal import open_bundle
from wenlu.serving.runtimes import RUNTIMES


@given(st.lists(st.integers(1, 500), max_size=200), st.integers(1, 64), st.integers(1, 2000))
def test_every_row_is_in_one_batch_and_no_batch_is_over_both_bounds(lengths: list[int], rows: int, tokens: int):
    batches = list(batches_by_length(lengths, most_rows=rows, most_tokens=tokens))
    assert sorted(row for batch in batches for row in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) <= rows
        assert len(batch) == 1 or len(batch) * max(lengths[row] for row in batch) <= tokens


@given(st.lists(st.integers(1, 5000), max_size=100))
def test_batches_stay_small_and_their_texts_similar(lengths: list[int]):
    for batch in batches_by_length(lengths):
        inside = sorted(lengths[row] for row in batch)
        assert len(batch) <= 16
        assert inside[-1] <= max(1.5 * inside[0], inside[:4][-1])


def test_rows_are_padded_behind():
    tokens, lengths = padded([[5, 6, 7], [8]])
    assert tokens.tolist() == [[5, 6, 7], [8, 0, 0]]
    assert lengths.tolist() == [3, 1]


def test_softmax_sums_to_one_and_does_not_overflow():
    assert softmax(np.array([[1000.0, 1000.0], [0.0, -1000.0]])).tolist() == [[0.5, 0.5], [1.0, 0.0]]
    np.testing.assert_allclose(softmax(np.array([[0.0, np.log(3.0)]])), [[0.25, 0.75]])
    assert softmax(np.random.default_rng(1).normal(size=(7, 5))).sum(axis=1) == pytest.approx(np.ones(7))


def predictor(folder: Path, **change: float) -> Predictor:
    bundle = open_bundle(make_bundle(folder, **change))  # type: ignore[arg-type]
    return Predictor(bundle, RUNTIMES["onnx"](bundle))


def test_a_temperature_makes_answers_less_sure_and_never_others(tmp_path: Path):
    plain, warm = predictor(tmp_path / "plain"), predictor(tmp_path / "warm", temperature=4.0)
    before, after = plain.predict(TEXTS), warm.predict(TEXTS)
    assert [one.label for one in before] == [one.label for one in after]
    assert all(one.score > other.score > 0.5 for one, other in zip(before, after, strict=True))
    np.testing.assert_allclose(warm.logits(TEXTS), plain.logits(TEXTS))
    rows = read_golden(warm.bundle)
    answers = list(map(as_numbers, warm.predict([row.text for row in rows])))
    assert differences(rows, answers, tolerance=1e-5) == []


def test_an_answer_below_the_threshold_says_that_it_abstained_and_still_says_which(tmp_path: Path):
    scores = sorted(answer.score for answer in predictor(tmp_path / "plain").predict(TEXTS))
    threshold = (scores[4] + scores[5]) / 2
    answers = predictor(tmp_path / "careful", abstain=threshold).predict(TEXTS)
    assert [one.abstained for one in answers] == [one.score < threshold for one in answers]
    assert sum(one.abstained is True for one in answers) == 5
    assert all(one.label for one in answers)


def test_a_model_without_a_threshold_says_nothing_of_abstaining(tmp_path: Path):
    assert set(msgspec.to_builtins(predictor(tmp_path / "plain").predict(TEXTS)[0])) == {"label", "score", "scores"}
