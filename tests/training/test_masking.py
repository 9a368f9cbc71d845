from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wenlu.training.masking import Masked, Masking

VOCABULARY, MASK = 50, 1
ids = st.lists(st.integers(2, VOCABULARY - 1), min_size=1, max_size=300).map(np.array)


def masking(*, share: float = 0.15, span: int = 1, seed: int = 1) -> Masking:
    return Masking(share, span, MASK, np.arange(2, VOCABULARY), seed)


@given(ids, st.floats(0.01, 0.99), st.integers(1, 16), st.integers(0, 99), st.integers(0, 2**40))
def test_as_many_different_places_are_asked_for_as_the_length_says(
    text: np.ndarray, share: float, span: int, epoch: int, row: int
):
    made = masking(share=share, span=span)
    masked = made(text, epoch=epoch, row=row)
    assert len(masked.places) == len(masked.shown) == made.number(len(text)) >= 1
    assert abs(len(masked.places) - share * len(text)) <= 1
    assert (np.diff(masked.places) > 0).all()
    assert masked.places[0] >= 0
    assert masked.places[-1] < len(text)


@given(ids, st.integers(1, 4), st.integers(1, 99), st.integers(0, 2**40))
def test_masks_are_a_function_of_seed_epoch_and_row_and_the_text_stays_as_it_is(
    text: np.ndarray, span: int, epoch: int, row: int
):
    before = text.copy()
    first, again = (masking(span=span)(text, epoch=epoch, row=row) for _ in range(2))
    assert np.array_equal(text, before)
    assert np.array_equal(first.places, again.places)
    assert np.array_equal(first.shown, again.shown)


@given(ids, st.integers(1, 99))
def test_what_is_shown_is_the_mask_the_id_itself_or_one_that_may_stand_anywhere(text: np.ndarray, epoch: int):
    masked = masking()(text, epoch=epoch, row=0)
    assert np.isin(masked.shown, [MASK, *range(2, VOCABULARY)]).all()


@pytest.mark.parametrize("other", [{"seed": 2}, {"epoch": 2}, {"row": 8}])
def test_another_seed_epoch_or_row_has_other_masks(other: dict[str, int]):
    text = np.arange(2, 202) % 48 + 2
    said = {"seed": 1, "epoch": 1, "row": 7, **other}
    one = masking()(text, epoch=1, row=7)
    two = masking(seed=said["seed"])(text, epoch=said["epoch"], row=said["row"])
    assert not np.array_equal(one.places, two.places)


@pytest.mark.parametrize("span", [1, 3])
def test_of_a_thousand_texts_80_percent_of_the_places_are_hidden_and_10_show_what_they_are(span: int):
    text = np.full(100, 7)
    found = [masking(span=span)(text, epoch=1, row=row) for row in range(1_000)]
    shown = np.concatenate([one.shown for one in found])
    assert np.mean(shown == MASK) == pytest.approx(0.8, abs=0.01)
    assert np.mean(shown == 7) == pytest.approx(0.1 + 0.1 / 48, abs=0.01)
    asked = np.bincount(np.concatenate([one.places for one in found]), minlength=100)
    assert asked.min() > 90  # of 150 on average: every place has its turn


def test_spans_hide_neighbours_together():
    assert neighbours(masking(span=3)) > 2 * neighbours(masking())


def neighbours(made: Masking) -> float:
    """Of the places that are asked for, how many have the next one asked for too."""
    found: list[Masked] = [made(np.arange(2, 42), epoch=1, row=row) for row in range(500)]
    return float(np.mean(np.concatenate([np.diff(one.places) == 1 for one in found])))
