from __future__ import annotations

from collections import Counter

import pytest
import torch
from tests.contracts.generators import small

from wenlu.base.errors import WenluError
from wenlu.bundle.generate import Sampling, choose, generate

LOGITS = torch.tensor([0.5, 0.3, 0.15, 0.05]).log()


def chosen(sampling: Sampling, times: int = 400) -> Counter[int]:
    chance = torch.Generator().manual_seed(1)
    return Counter(choose(LOGITS, sampling, chance) for _ in range(times))


def test_without_temperature_the_likeliest_is_chosen():
    assert chosen(Sampling()) == {0: 400}


def test_at_temperature_one_ids_come_by_their_odds():
    counted = chosen(Sampling(temperature=1), 4000)
    assert [counted[number] / 4000 for number in range(4)] == pytest.approx([0.5, 0.3, 0.15, 0.05], abs=0.03)


def test_top_k_keeps_the_likeliest():
    assert set(chosen(Sampling(temperature=2, top_k=2))) == {0, 1}


def test_top_p_keeps_the_fewest_that_weigh_enough():
    assert set(chosen(Sampling(temperature=1, top_p=0.7))) == {0, 1}
    assert set(chosen(Sampling(temperature=1, top_p=0.01))) == {0}


def test_the_same_seed_writes_the_same_and_another_seed_something_else():
    def written(seed: int) -> list[int]:
        return list(generate(small("decoder"), [3], Sampling(temperature=1, length=20, seed=seed)))

    assert written(1) == written(1) != written(2)


def test_it_ends_at_the_end_and_past_the_context_it_goes_on():
    model = small("decoder")
    written = list(generate(model, [3, 4], Sampling(temperature=1, length=100)))
    assert len(written) == 100  # of a context of 32
    end = written[10]
    until = list(generate(model, [3, 4], Sampling(temperature=1, length=100), end=end))
    assert until == written[: written.index(end)]


def test_a_prompt_longer_than_the_context_is_read_from_behind():
    model, long = small("decoder"), [number % 40 for number in range(100)]
    assert list(generate(model, long, Sampling(length=1))) == list(generate(model, long[-16:], Sampling(length=1)))


def test_there_must_be_something_to_write_on_from():
    with pytest.raises(WenluError, match="nothing to write on from"):
        list(generate(small("decoder"), [], Sampling()))
