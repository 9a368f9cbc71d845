from __future__ import annotations

import math

import numpy as np
import pytest

from wenlu.base.errors import WenluError
from wenlu.evaluation.language.measures import Surprise, difference_interval, measure_surprise, measure_variety


def measured(texts: int = 200, bits: float = 3.0, seed: int = 1) -> Surprise:
    """Texts of 20 Chinese characters and 10 tokens, with about so many bits a character."""
    chance = np.random.default_rng(seed)
    nats = chance.normal(bits, 0.5, texts).clip(0.1) * 20 * math.log(2)
    return measure_surprise(
        nats=nats, tokens=np.full(texts, 10), characters=np.full(texts, 20), bytes_=np.full(texts, 60)
    )


def test_bits_and_perplexity_say_the_same_thing():
    found = measured()
    assert found.bits_per_character == pytest.approx(3.0, abs=0.1)
    assert found.bits_per_byte == pytest.approx(found.bits_per_character / 3)
    assert math.log2(found.perplexity) == pytest.approx(found.bits_per_character * 2)


def test_a_model_that_guesses_among_1024_characters_needs_ten_bits_for_each():
    found = measure_surprise(
        nats=np.array([7 * math.log(1024)]), tokens=np.array([7]), characters=np.array([7]), bytes_=np.array([21])
    )
    assert found.perplexity == pytest.approx(1024)
    assert found.bits_per_character == pytest.approx(10)


def test_the_interval_holds_the_figure_and_narrows_with_texts():
    few, many = measured(50), measured(5_000)
    for found in (few, many):
        low, high = found.bits_per_character_interval
        assert low < found.bits_per_character < high
    width = [high - low for low, high in (few.bits_per_character_interval, many.bits_per_character_interval)]
    assert width[1] < width[0] / 5


def test_two_models_that_differ_by_chance_are_not_told_apart_and_a_better_one_is():
    chance = np.random.default_rng(2)
    nats, characters = chance.normal(60, 9, 500), np.full(500, 20)
    low, high = difference_interval(nats + chance.normal(0, 1, 500), nats, characters)
    assert low < 0 < high
    low, high = difference_interval(nats - 1, nats, characters)
    assert high < 0


def test_what_is_no_number_and_no_text_can_not_be_measured():
    one = np.array([1])
    with pytest.raises(WenluError, match="no number"):
        measure_surprise(nats=np.array([math.nan]), tokens=one, characters=one, bytes_=one)
    with pytest.raises(WenluError, match="no text"):
        measure_surprise(nats=np.empty(0), tokens=one[:0], characters=one[:0], bytes_=one[:0])


def test_repetition_and_variety_of_what_a_model_wrote():
    varied, stuck = measure_variety(["春眠不覚暁処処聞啼鳥"]), measure_variety(["春春春春春春春春春春"])
    assert varied.repeated == 0
    assert varied.distinct[2] == 1
    assert stuck.repeated > 0.8
    assert stuck.distinct[0] == 0.1
    assert measure_variety([""]).repeated == 0
