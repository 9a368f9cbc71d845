from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wenlu.bundle.predict import batches_by_length, padded, softmax


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
