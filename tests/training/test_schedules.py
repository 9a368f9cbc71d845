from __future__ import annotations

import pytest

from wenlu.training.schedules import SCHEDULES


def rates(name: str, steps: int = 100, **settings: float) -> list[float]:
    kind = SCHEDULES[name]
    schedule = kind(kind.Config(**settings))
    return [schedule(step, steps) for step in range(steps)]


@pytest.mark.parametrize("name", list(SCHEDULES))
def test_a_warm_up_rises_evenly_to_the_whole_rate(name: str):
    found = rates(name, warmup=0.1)
    assert found[:10] == pytest.approx([step / 10 for step in range(1, 11)])
    assert max(found) == pytest.approx(1)


@pytest.mark.parametrize("name", list(SCHEDULES))
def test_without_a_warm_up_the_first_step_has_the_whole_rate(name: str):
    assert rates(name)[0] == pytest.approx(1)


@pytest.mark.parametrize("name", ["cosine", "linear", "wsd"])
def test_it_falls_to_the_floor_and_never_rises_on_the_way(name: str):
    found = rates(name, floor=0.1)
    assert found == sorted(found, reverse=True)
    assert found[-1] == pytest.approx(0.1, abs=0.05)
    assert rates(name)[-1] < 0.06


def test_wsd_is_constant_until_the_end_comes_near():
    found = rates("wsd", decay=0.25)
    assert found[:76] == [1.0] * 76
    assert found[76] < 1


@pytest.mark.parametrize("name", list(SCHEDULES))
def test_a_training_of_one_step_has_a_rate(name: str):
    assert rates(name, steps=1, warmup=0.5)[0] > 0
