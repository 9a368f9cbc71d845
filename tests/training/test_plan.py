from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from wenlu.base.errors import WenluError
from wenlu.base.spec import check
from wenlu.training.estimate import Estimate
from wenlu.training.place import choose_place
from wenlu.training.plan import Plan, epochs_within, read_plan, worth_compiling, write_plan
from wenlu.training.settings import TrainingConfig

ONE_MINUTE = Estimate(1, 1, flops=1.0, seconds=0.001, weights=1, activations=1, tokens=60_000)  # an epoch


class Compilable(nn.Module):
    def compile_layers(self) -> None: ...


def config(**settings: object) -> TrainingConfig:
    return check(TrainingConfig, settings, where="test")


def test_what_was_decided_is_read_again(tmp_path: Path):
    assert read_plan(tmp_path / "plan.json") is None
    plan = Plan("bfloat16", compiled=True, epochs=3)
    write_plan(tmp_path / "plan.json", plan)
    assert read_plan(tmp_path / "plan.json") == plan


@pytest.mark.parametrize(("minutes", "epochs"), [(None, 10), (4.5, 4), (0.1, 1), (100.0, 10)])
def test_as_many_epochs_as_fit_into_the_minutes_at_least_one(minutes: float | None, epochs: int):
    assert epochs_within(config(epochs=10, minutes=minutes), ONE_MINUTE) == epochs


def test_only_what_can_be_compiled_is_and_by_itself_only_in_a_long_training():
    assert worth_compiling(config(), Compilable(), ONE_MINUTE, epochs=10)
    assert not worth_compiling(config(), Compilable(), ONE_MINUTE, epochs=1)
    assert not worth_compiling(config(), nn.Linear(1, 1), ONE_MINUTE, epochs=10)
    assert not worth_compiling(config(compile="never"), Compilable(), ONE_MINUTE, epochs=10)
    assert worth_compiling(config(compile="always"), Compilable(), ONE_MINUTE, epochs=1)


def test_precision_is_float32_unless_a_model_gains_or_it_is_asked_for():
    assert choose_place("cpu", "auto", gains_by_half=False).precision == torch.float32
    assert choose_place("cpu", "bfloat16", gains_by_half=False).precision == torch.bfloat16
    assert choose_place("cpu", "auto", gains_by_half=True).precision in (torch.float32, torch.bfloat16)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_device_that_is_not_there_is_a_sentence():
    with pytest.raises(WenluError, match="device is cuda"):
        choose_place("cuda", "auto", gains_by_half=False)
