from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.contracts.classifiers import VOCABULARY
from tests.contracts.fillers import small_filler
from tests.training.test_loop import CutOffError, StopsAt, measures, weights
from torch.nn import functional

from wenlu.base.events import Silent
from wenlu.base.spec import check
from wenlu.training import cross_entropy
from wenlu.training.checkpoint import Checkpoints
from wenlu.training.cross_entropy import projected_likeliest
from wenlu.training.encoded import EncodedBlock, EncodedTexts, write_encoded
from wenlu.training.loop import Training
from wenlu.training.masking import Masking
from wenlu.training.place import choose_place
from wenlu.training.settings import TrainingConfig
from wenlu.training.tasks.fill import Fill

MASKING = Masking(0.3, 2, 1, np.arange(2, VOCABULARY), seed=1)


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> EncodedTexts:
    """120 rows that count upwards from anywhere: what is masked can be told from its neighbours."""
    chance = np.random.default_rng(1)
    starts, lengths = chance.integers(2, VOCABULARY - 9, 120), chance.integers(1, 9, 120)
    rows = [list(range(start, start + length)) for start, length in zip(starts, lengths, strict=True)]
    folder = tmp_path_factory.mktemp("texts") / "encoded"
    write_encoded(folder, [EncodedBlock.of(rows, [-1] * len(rows))])
    return EncodedTexts.open(folder)


def task(texts: EncodedTexts) -> Fill:
    return Fill(texts, texts, masking=MASKING, batch=16, seed=1)


def training(texts: EncodedTexts, folder: Path, *, events: Silent | None = None, **settings: object) -> Training:
    config = check(TrainingConfig, {"batch": 16, "epochs": 3, "checkpoint_every": 3, **settings}, where="test")
    torch.manual_seed(config.seed)
    return Training(
        small_filler("encoder", dropout=0.1),
        task(texts),
        config,
        place=choose_place("cpu", "float32", gains_by_half=False),
        checkpoints=Checkpoints(folder / "checkpoints", config.keep),
        events=events or Silent(),
    )


def test_cut_off_anywhere_it_ends_with_the_very_same_weights(texts: EncodedTexts, tmp_path: Path):
    whole = training(texts, tmp_path / "whole")
    outcome = whole.run()
    for cut in (1, 5, 9, 20):  # before the first checkpoint, inside an epoch, in later ones
        with pytest.raises(CutOffError):
            training(texts, tmp_path / f"{cut}", events=StopsAt(cut)).run()
        resumed = training(texts, tmp_path / f"{cut}")
        assert measures(resumed.run()) == measures(outcome)
        assert all(torch.equal(ours, theirs) for ours, theirs in zip(weights(resumed), weights(whole), strict=True))


def test_it_learns_to_fill_in(texts: EncodedTexts, tmp_path: Path):
    outcome = training(texts, tmp_path, epochs=60, patience=60, optimizer={"name": "adam", "learning_rate": 0.01}).run()
    assert outcome.history[0].validation["accuracy"] < 0.3
    assert outcome.best.validation["accuracy"] > 0.6


def test_the_loss_is_cross_entropy_at_the_masked_places_and_nowhere_else(texts: EncodedTexts):
    model, rows = small_filler("encoder"), [3, 50, 7]
    tokens, lengths, _ = texts.batch(rows)
    asked = np.zeros_like(tokens, dtype=bool)
    shown = tokens.copy()
    for number, row in enumerate(rows):
        masked = MASKING(texts.row(row), epoch=1, row=row)
        asked[number, masked.places] = True
        shown[number, masked.places] = masked.shown
    states = model(torch.from_numpy(shown), torch.from_numpy(lengths), torch.from_numpy(asked))
    expected = functional.cross_entropy(states @ model.projection.t(), torch.from_numpy(tokens[asked]), reduction="sum")
    (made := task(texts)).batches(1)
    torch.testing.assert_close(made.loss(model, rows).loss, expected)
    assert made.weight(rows) == asked.sum()


def test_each_epoch_masks_anew_and_validation_always_the_same(texts: EncodedTexts):
    model, made = small_filler("encoder"), task(texts)
    losses = []
    for epoch in (1, 2, 1):
        made.batches(epoch)
        losses.append(made.loss(model, range(8)).loss.item())
        validated = made.validate(model)
    assert losses[0] == losses[2] != losses[1]
    assert made.validate(model) == validated
    assert validated["loss"] == pytest.approx(math.log(VOCABULARY), rel=0.5)


def test_the_likeliest_ids_are_those_of_whole_logits(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cross_entropy, "_LEAST_ROWS", 7)
    monkeypatch.setattr(cross_entropy, "_LOGITS", 0)
    torch.manual_seed(1)
    states, weight = torch.randn(40, 8), torch.randn(50, 8)
    assert torch.equal(projected_likeliest(states, weight), (states @ weight.t()).argmax(1))
