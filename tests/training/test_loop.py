from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.contracts.classifiers import VOCABULARY, classifiers, small
from torch import Tensor, nn

from wenlu.base.errors import WenluError
from wenlu.base.events import Silent
from wenlu.base.spec import check
from wenlu.training.checkpoint import Checkpoints, read_tensors
from wenlu.training.encoded import EncodedBlock, EncodedTexts, write_encoded
from wenlu.training.loop import Training
from wenlu.training.losses import LOSSES
from wenlu.training.optimizers import OPTIMIZERS
from wenlu.training.place import choose_place
from wenlu.training.progress import Trained
from wenlu.training.schedules import SCHEDULES
from wenlu.training.settings import TrainingConfig
from wenlu.training.task import Outcome, Rows
from wenlu.training.tasks.classify import Classify


class CutOffError(Exception):
    """A run is cut off here."""


class StopsAt(Silent):
    """Raises at the n-th step that it hears of."""

    def __init__(self, step: int) -> None:
        self.left = step

    def progress(self, done: int, total: int | None, note: str = "") -> None:
        self.left -= 1
        if self.left == 0:
            raise CutOffError


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> EncodedTexts:
    """200 rows; the label is the rest of the first id by three, and the other ids are noise."""
    chance = np.random.default_rng(1)
    rows = [chance.integers(2, VOCABULARY, chance.integers(1, 9)).tolist() for _ in range(200)]
    folder = tmp_path_factory.mktemp("texts") / "encoded"
    write_encoded(folder, [EncodedBlock.of(rows, [row[0] % 3 for row in rows])])
    return EncodedTexts.open(folder)


def training(
    texts: EncodedTexts, folder: Path, *, name: str = "lstm", events: Silent | None = None, **settings: object
) -> Training:
    config = check(TrainingConfig, {"batch": 16, "epochs": 3, "checkpoint_every": 3, **settings}, where="test")
    torch.manual_seed(config.seed)
    loss = LOSSES["cross_entropy"](LOSSES["cross_entropy"].Config())
    return Training(
        small(name),
        Classify(texts, texts, loss=loss, batch=config.batch, seed=config.seed),
        config,
        place=choose_place("cpu", config.precision, gains_by_half=False),
        checkpoints=Checkpoints(folder / "checkpoints", config.keep),
        events=events or Silent(),
    )


def weights(run: Training) -> list[Tensor]:
    return list(run.model.state_dict().values())


def ends_alike(texts: EncodedTexts, folder: Path, **settings: object) -> None:
    """A run that is cut off at several places ends with the weights and the measures of one left alone."""
    whole = training(texts, folder / "whole", **settings)
    outcome = whole.run()
    for cut in (1, 5, 14, 29):  # before the first checkpoint, inside an epoch, at its end, in a later one
        place = folder / f"cut-{cut}"
        with pytest.raises(CutOffError):
            training(texts, place, events=StopsAt(cut), **settings).run()
        resumed = training(texts, place, **settings)
        again = resumed.run()
        assert measures(again) == measures(outcome)
        assert all(torch.equal(ours, theirs) for ours, theirs in zip(weights(resumed), weights(whole), strict=True))


def measures(outcome: Trained) -> list[tuple[int, dict[str, float], dict[str, float]]]:
    return [(one.steps, one.train, one.validation) for one in outcome.history]


@pytest.mark.parametrize("name", classifiers())
def test_a_run_cut_off_anywhere_ends_with_the_very_same_weights(texts: EncodedTexts, tmp_path: Path, name: str):
    ends_alike(texts, tmp_path, name=name)


@pytest.mark.parametrize("optimizer", list(OPTIMIZERS))
def test_the_same_with_every_optimizer(texts: EncodedTexts, tmp_path: Path, optimizer: str):
    ends_alike(texts, tmp_path, name="textcnn", optimizer=optimizer)


@pytest.mark.parametrize("schedule", [{"name": name, "warmup": 0.2} for name in SCHEDULES], ids=list(SCHEDULES))
def test_the_same_with_a_schedule_an_average_parts_and_rounds_of_a_few_steps(
    texts: EncodedTexts, tmp_path: Path, schedule: dict[str, object]
):
    ends_alike(texts, tmp_path, schedule=schedule, average=0.99, accumulate=3, validate_every=5, keep=2, patience=99)


def test_the_best_weights_on_validation_are_kept(texts: EncodedTexts, tmp_path: Path):
    run = training(texts, tmp_path, epochs=12, patience=12, optimizer={"name": "adam", "learning_rate": 0.05})
    outcome = run.run()
    best = max(outcome.history, key=lambda one: run.task.merit(one.validation))
    assert outcome.best == best
    assert run.task.validate(run.model) == pytest.approx(best.validation)


def test_it_stops_after_as_many_rounds_without_improvement_as_patience_says(texts: EncodedTexts, tmp_path: Path):
    outcome = training(texts, tmp_path, epochs=50, patience=2, optimizer={"name": "sgd", "learning_rate": 1e-9}).run()
    assert len(outcome.history) == outcome.best_round + 2


def test_a_round_is_an_epoch_or_as_many_steps_as_were_asked_for_and_the_last_step_ends_one(
    texts: EncodedTexts, tmp_path: Path
):
    by_epoch = training(texts, tmp_path / "epochs").run()
    assert [(one.epoch, one.steps) for one in by_epoch.history] == [(1, 13), (2, 26), (3, 39)]
    by_steps = training(texts, tmp_path / "steps", validate_every=10, patience=99).run()
    assert [one.steps for one in by_steps.history] == [10, 20, 30, 39]


def test_a_finished_training_is_not_trained_again(texts: EncodedTexts, tmp_path: Path):
    first = training(texts, tmp_path).run()
    again = training(texts, tmp_path, events=StopsAt(1)).run()
    assert measures(again) == measures(first)


def test_gradients_are_cut_to_the_global_norm(texts: EncodedTexts, tmp_path: Path):
    run = training(texts, tmp_path, clip=1e-3, optimizer={"name": "sgd", "learning_rate": 1.0, "momentum": 0.0})
    before = [tensor.clone() for tensor in weights(run)]
    run._step(range(16))
    moved = torch.sqrt(sum(((new - old) ** 2).sum() for new, old in zip(weights(run), before, strict=True)))
    assert moved.item() <= 1e-3 * 1.01


def test_a_step_in_parts_is_the_step_in_one(texts: EncodedTexts, tmp_path: Path):
    settings = {"name": "textcnn", "optimizer": {"name": "sgd", "learning_rate": 0.1}}
    whole, parts = training(texts, tmp_path, **settings), training(texts, tmp_path, accumulate=5, **settings)
    for run in (whole, parts):
        run.model.eval()  # dropout would not be the same
        run._step(range(16))
    for one, other in zip(weights(whole), weights(parts), strict=True):
        torch.testing.assert_close(one, other)


def test_weights_that_are_averaged_answer_for_validation_and_training_goes_on_with_its_own(
    texts: EncodedTexts, tmp_path: Path
):
    run = training(texts, tmp_path, average=0.999, epochs=1, optimizer={"name": "adam", "learning_rate": 0.05})
    outcome = run.run()
    assert run.average is not None
    kept = run.model.state_dict()
    assert all(torch.equal(kept[name], tensor) for name, tensor in run.average.tensors.items())
    own = read_tensors(tmp_path / "checkpoints" / "step-13.safetensors")[0]["model"]
    assert not torch.equal(own["output.bias"], kept["output.bias"])
    assert run.task.validate(run.model) == pytest.approx(outcome.best.validation)


def test_as_many_checkpoints_are_kept_as_were_asked_for_and_the_best_weights(texts: EncodedTexts, tmp_path: Path):
    outcome = training(texts, tmp_path, keep=2).run()
    found = {path.name for path in (tmp_path / "checkpoints").iterdir()}
    assert found == {"step-39.safetensors", "step-36.safetensors", f"best-{outcome.best_round}.safetensors"}


class Breaks(Classify):
    """Texts of which some rows give no finite loss, the first time that they are met."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.steps = 0

    def loss(self, model: nn.Module, rows: Rows) -> Outcome:
        self.steps += 1
        outcome = super().loss(model, rows)
        return Outcome(outcome.loss * math.nan, outcome.sums) if self.steps == 5 else outcome


def test_a_loss_that_is_no_number_ends_the_run_with_a_sentence_that_names_step_and_texts(
    texts: EncodedTexts, tmp_path: Path
):
    run = training(texts, tmp_path)
    run.task.__class__ = Breaks
    run.task.steps = 0
    with pytest.raises(WenluError, match=r"epoch 1, step 5, at rows \d+, \d+"):
        run.run()


def test_a_training_that_may_recover_goes_back_and_on_with_half_the_rate(texts: EncodedTexts, tmp_path: Path):
    run = training(texts, tmp_path, recover=1, optimizer={"name": "sgd", "learning_rate": 0.1})
    run.task.__class__ = Breaks
    run.task.steps = 0
    outcome = run.run()
    assert (run.progress.rate, run.progress.recovered) == (0.5, 1)
    assert outcome.history[-1].steps == 39
    assert run.optimizers[0].param_groups[0]["lr"] == 0.05


def test_a_gradient_that_is_no_number_is_never_stepped(texts: EncodedTexts, tmp_path: Path):
    run = training(texts, tmp_path)
    before = [tensor.clone() for tensor in weights(run)]
    next(run.model.parameters()).register_hook(lambda gradient: gradient * math.inf)
    with pytest.raises(WenluError, match="The gradient"):
        run.run()
    assert all(torch.equal(ours, theirs) for ours, theirs in zip(weights(run), before, strict=True))


def test_memory_that_runs_out_is_a_sentence_with_parts_that_fit(texts: EncodedTexts, tmp_path: Path):
    run = training(texts, tmp_path)

    def full(model: nn.Module, rows: Rows) -> Outcome:
        raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")

    run.task.loss = full  # type: ignore[method-assign]
    with pytest.raises(WenluError, match="16 texts at once") as caught:
        run.run()
    assert "training.accumulate=2 computes the same step 8 texts" in caught.value.hint


def test_a_broken_checkpoint_is_a_sentence(texts: EncodedTexts, tmp_path: Path):
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "step-3.safetensors").write_bytes(b"half a file")
    with pytest.raises(WenluError, match="can't be read"):
        training(texts, tmp_path).run()


def test_bfloat16_products_learn_as_well(texts: EncodedTexts, tmp_path: Path):
    settings = {"name": "textcnn", "epochs": 8, "optimizer": {"name": "adam", "learning_rate": 0.01}}
    half = training(texts, tmp_path / "half", precision="bfloat16", **settings).run()
    full = training(texts, tmp_path / "full", precision="float32", **settings).run()
    assert half.best.validation["accuracy"] == pytest.approx(full.best.validation["accuracy"], abs=0.05)
    assert measures(half) != measures(full)
