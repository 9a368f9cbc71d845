from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from tests.contracts.classifiers import VOCABULARY, classifiers, small
from torch import Tensor, nn

from wenlu.base.errors import WenluError
from wenlu.base.events import Silent
from wenlu.base.spec import check
from wenlu.training.encoded import EncodedBlock, EncodedTexts, write_encoded
from wenlu.training.loop import Trained, Training
from wenlu.training.optimizers import OPTIMIZERS
from wenlu.training.settings import TrainingConfig


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


def training(texts: EncodedTexts, folder: Path, *, name: str = "lstm", events: Silent | None = None,
             **settings: object) -> Training:  # fmt: skip
    config = check(TrainingConfig, {"batch": 16, "epochs": 3, "checkpoint_every": 3, **settings}, where="test")
    torch.manual_seed(config.seed)
    return Training(
        small(name), config, train=texts, validation=texts, loss=nn.functional.cross_entropy,
        checkpoint=folder / "checkpoint", events=events or Silent(),
    )  # fmt: skip


def weights(run: Training) -> list[Tensor]:
    return list(run.model.state_dict().values())


@pytest.mark.parametrize("optimizer", list(OPTIMIZERS))
@pytest.mark.parametrize("name", classifiers())
def test_a_run_cut_off_anywhere_ends_with_the_very_same_weights(
    texts: EncodedTexts, tmp_path: Path, name: str, optimizer: str
):
    whole = training(texts, tmp_path / "whole", name=name, optimizer=optimizer)
    outcome = whole.run()
    for cut in (1, 5, 14, 29):  # before the first checkpoint, inside an epoch, at its end, in a later one
        folder = tmp_path / f"cut-{cut}"
        with pytest.raises(CutOffError):
            training(texts, folder, name=name, optimizer=optimizer, events=StopsAt(cut)).run()
        resumed = training(texts, folder, name=name, optimizer=optimizer)
        again = resumed.run()
        assert losses(again) == losses(outcome)
        assert all(torch.equal(ours, theirs) for ours, theirs in zip(weights(resumed), weights(whole), strict=True))


def losses(outcome: Trained) -> list[tuple[float, float, float]]:
    return [(epoch.train_loss, epoch.validation_loss, epoch.validation_accuracy) for epoch in outcome.history]


def test_the_best_weights_on_validation_are_kept(texts: EncodedTexts, tmp_path: Path):
    run = training(texts, tmp_path, epochs=12, patience=12, optimizer={"name": "adam", "learning_rate": 0.05})
    outcome = run.run()
    best = max(outcome.history, key=lambda epoch: (epoch.validation_accuracy, -epoch.validation_loss))
    assert outcome.best_epoch == best.number
    assert run._validate() == pytest.approx((best.validation_loss, best.validation_accuracy))


def test_it_stops_after_as_many_epochs_without_improvement_as_patience_says(texts: EncodedTexts, tmp_path: Path):
    outcome = training(texts, tmp_path, epochs=50, patience=2, optimizer={"name": "sgd", "learning_rate": 1e-9}).run()
    assert len(outcome.history) == outcome.best_epoch + 2


def test_a_finished_training_is_not_trained_again(texts: EncodedTexts, tmp_path: Path):
    first = training(texts, tmp_path).run()
    again = training(texts, tmp_path, events=StopsAt(1)).run()
    assert losses(again) == losses(first)


def test_gradients_are_cut_to_the_global_norm(texts: EncodedTexts, tmp_path: Path):
    run = training(texts, tmp_path, clip=1e-3, optimizer={"name": "sgd", "learning_rate": 1.0, "momentum": 0.0})
    before = [tensor.clone() for tensor in weights(run)]
    run._step(range(16))
    moved = torch.sqrt(sum(((new - old) ** 2).sum() for new, old in zip(weights(run), before, strict=True)))
    assert moved.item() <= 1e-3 * 1.01


def test_a_loss_that_is_no_number_ends_the_run_with_a_sentence(texts: EncodedTexts, tmp_path: Path):
    run = training(texts, tmp_path)
    with torch.no_grad():
        next(run.model.parameters()).fill_(float("nan"))
    with pytest.raises(WenluError, match="epoch 1, step 1"):
        run.run()


def test_a_broken_checkpoint_is_a_sentence(texts: EncodedTexts, tmp_path: Path):
    (tmp_path / "checkpoint").write_bytes(b"half a file")
    with pytest.raises(WenluError, match="can't be read"):
        training(texts, tmp_path).run()
