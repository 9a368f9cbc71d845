from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.contracts.rewriters import VOCABULARY, rewriters, small
from tests.training.test_loop import CutOffError, StopsAt
from torch import Tensor

from wenlu.base.events import Silent
from wenlu.base.spec import check
from wenlu.training.checkpoint import Checkpoints
from wenlu.training.cross_entropy import IGNORED
from wenlu.training.encoded import EncodedBlock, EncodedTexts, write_encoded
from wenlu.training.loop import Training
from wenlu.training.pairs import EncodedPairs
from wenlu.training.place import choose_place
from wenlu.training.settings import TrainingConfig
from wenlu.training.tasks.seq2seq import Seq2seq
from wenlu.training.token_loss import TokenCrossEntropy

END, LONGEST = 0, 12
every = pytest.mark.parametrize("name", rewriters())


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> EncodedTexts:
    """120 sources by chance, each followed by its ids backwards."""
    chance = np.random.default_rng(1)
    sources = [chance.integers(2, VOCABULARY, chance.integers(1, 9)).tolist() for _ in range(120)]
    rows = [row for source in sources for row in (source, source[::-1])]
    folder = tmp_path_factory.mktemp("pairs") / "encoded"
    write_encoded(folder, [EncodedBlock.of(rows, [-1] * len(rows))])
    return EncodedTexts.open(folder)


def of_rows(folder: Path, *rows: list[int], together: int = 2, longest: int = LONGEST) -> EncodedPairs:
    write_encoded(folder / "rows", [EncodedBlock.of(rows, [-1] * len(rows))])
    return EncodedPairs(EncodedTexts.open(folder / "rows"), together=together, longest=longest, end=END)


def task(texts: EncodedTexts, *, smoothing: float = 0.0, batch: int = 16, seed: int = 1) -> Seq2seq:
    pairs = EncodedPairs(texts, together=2, longest=LONGEST, end=END)
    loss = TokenCrossEntropy(TokenCrossEntropy.Config(label_smoothing=smoothing))
    return Seq2seq(pairs, pairs, loss=loss, batch=batch, seed=seed)


def training(
    texts: EncodedTexts, folder: Path, name: str, *, events: Silent | None = None, **settings: object
) -> Training:
    config = check(TrainingConfig, {"batch": 16, "epochs": 3, "checkpoint_every": 3, **settings}, where="test")
    torch.manual_seed(config.seed)
    return Training(
        small(name, dropout=0.1),
        task(texts, batch=config.batch, seed=config.seed),
        config,
        place=choose_place("cpu", config.precision, gains_by_half=False),
        checkpoints=Checkpoints(folder / "checkpoints", config.keep),
        events=events or Silent(),
    )


def weights(run: Training) -> list[Tensor]:
    return list(run.model.state_dict().values())


def test_a_target_stands_behind_the_end_and_is_followed_by_it(tmp_path: Path):
    batch = of_rows(tmp_path, [5, 6], [7, 8, 9], [4], [3]).batch([0, 1])
    assert batch.sources.tolist() == [[5, 6], [4, 0]]
    assert batch.lengths.tolist() == [2, 1]
    assert batch.tokens.tolist() == [[END, 7, 8, 9], [END, 3, 0, 0]]
    assert batch.targets.tolist() == [[7, 8, 9, END], [3, END, IGNORED, IGNORED]]


def test_a_text_may_be_its_own_target(tmp_path: Path):
    pairs = of_rows(tmp_path, [5, 6], [7], together=1)
    assert len(pairs) == 2
    assert pairs.batch([1]).targets.tolist() == [[7, END]]
    assert pairs.sources.tolist() == pairs.targets.tolist() == [2, 1]


def test_a_target_that_was_cut_off_has_no_end_to_learn(tmp_path: Path):
    pairs = of_rows(tmp_path, [5], [7, 8, 9], [5], [7, 8], longest=3)
    assert pairs.batch([0]).targets.tolist() == [[7, 8, 9]]
    assert pairs.batch([0]).tokens.tolist() == [[END, 7, 8]]
    assert pairs.batch([0, 1]).targets.tolist() == [[7, 8, 9], [7, 8, END]]
    assert pairs.counted.tolist() == [3, 3]


def test_every_pair_is_read_once_an_epoch_with_others_of_its_length(texts: EncodedTexts):
    found = task(texts)
    for epoch in (1, 2):
        batches = found.batches(epoch)
        assert sorted(row for rows in batches for row in rows) == list(range(120))
    assert found.batches(1) == task(texts).batches(1) != found.batches(2)
    lengths = found._lengths
    spread = [int(np.ptp(lengths[list(rows)])) for rows in found.batches(1)]
    assert np.median(spread) <= 4


@every
def test_the_loss_is_that_of_all_logits_over_the_ids_of_targets_alone(texts: EncodedTexts, name: str):
    model, rows = small(name), [3, 40, 77]
    batch = EncodedPairs(texts, together=2, longest=LONGEST, end=END).batch(rows)
    logits = model(*(torch.from_numpy(one) for one in (batch.sources, batch.lengths, batch.tokens))).flatten(0, 1)
    targets = torch.from_numpy(batch.targets).flatten()
    for smoothing in (0.0, 0.2):
        found = task(texts, smoothing=smoothing)
        whole = torch.nn.functional.cross_entropy(
            logits, targets, ignore_index=IGNORED, label_smoothing=smoothing, reduction="sum"
        )
        assert found.loss(model, rows).loss.item() == pytest.approx(whole.item(), rel=1e-5)
        assert found.weight(rows) == int((targets != IGNORED).sum())


@every
def test_validation_is_not_smoothed_and_does_not_hang_on_batches(texts: EncodedTexts, name: str):
    model = small(name)
    found = task(texts, smoothing=0.3).validate(model)
    alone = [task(texts).loss(model, [row]).loss for row in range(120)]
    mean = torch.stack(alone).sum().item() / task(texts).weight(range(120))
    assert found["loss"] == pytest.approx(mean, rel=1e-4)
    assert found["perplexity"] == pytest.approx(math.exp(mean), rel=1e-4)


@every
def test_a_training_cut_off_anywhere_ends_with_the_weights_of_one_left_alone(
    texts: EncodedTexts, tmp_path: Path, name: str
):
    whole = training(texts, tmp_path / "whole", name)
    outcome = whole.run()
    for cut in (1, 5, 8, 17):
        place = tmp_path / f"cut-{cut}"
        with pytest.raises(CutOffError):
            training(texts, place, name, events=StopsAt(cut)).run()
        resumed = training(texts, place, name)
        again = resumed.run()
        assert [one.validation for one in again.history] == [one.validation for one in outcome.history]
        assert all(torch.equal(ours, theirs) for ours, theirs in zip(weights(whole), weights(resumed), strict=True))


@every
def test_a_step_in_parts_is_the_step(texts: EncodedTexts, tmp_path: Path, name: str):
    runs = [
        training(texts, tmp_path / str(parts), name, accumulate=parts, epochs=1, optimizer="sgd") for parts in (1, 3)
    ]
    for run in runs:
        for module in run.model.modules():
            if isinstance(module, torch.nn.Dropout):
                module.p = 0.0
        run.run()
    for ours, theirs in zip(*map(weights, runs), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-6)
