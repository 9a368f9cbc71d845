from __future__ import annotations

import numpy as np
import pytest
import torch
from tests.contracts.classifiers import VOCABULARY, classifiers, small
from torch import nn

from wenlu.base.errors import WenluError
from wenlu.base.spec import check
from wenlu.training.encoded import EncodedBlock, EncodedTexts, write_encoded
from wenlu.training.estimate import Estimate, estimate, free_memory, refuse_too_many_weights, refuse_what_can_not_fit
from wenlu.training.loop import trainable
from wenlu.training.losses import CrossEntropy
from wenlu.training.place import choose_place
from wenlu.training.settings import TrainingConfig
from wenlu.training.tasks.classify import Classify

PLACE = choose_place("cpu", "float32", gains_by_half=False)


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> EncodedTexts:
    chance = np.random.default_rng(1)
    rows = [chance.integers(2, VOCABULARY, length).tolist() for length in chance.integers(1, 40, 300)]
    folder = tmp_path_factory.mktemp("texts") / "encoded"
    write_encoded(folder, [EncodedBlock.of(rows, [0] * 300)])
    return EncodedTexts.open(folder)


def estimated(texts: EncodedTexts, name: str, *, model: nn.Module | None = None, **settings: object) -> Estimate:
    config = check(TrainingConfig, {"batch": 64, **settings}, where="test")
    model = model or small(name)
    task = Classify(texts, texts, loss=CrossEntropy(CrossEntropy.Config()), batch=config.batch, seed=1)
    return estimate(model, task, config, PLACE, weights=trainable(model))


@pytest.mark.parametrize("name", classifiers())
def test_every_model_can_be_estimated_and_neither_it_nor_chance_changes(texts: EncodedTexts, name: str):
    model = small(name)
    weights, chance = small(name).state_dict(), torch.get_rng_state()
    found = estimated(texts, name, model=model)
    assert torch.equal(torch.get_rng_state(), chance)
    assert all(torch.equal(tensor, weights[key]) for key, tensor in model.state_dict().items())
    assert found.parameters == found.trained == sum(one.numel() for one in small(name).parameters())
    assert found.tokens >= texts.lengths.sum()
    assert found.activations > 0
    assert found.seconds > 0


def test_the_operations_of_an_lstm_are_those_of_its_matrices(texts: EncodedTexts):
    model = small("lstm")
    matrices = sum(one.numel() for one in model.layers.parameters() if one.ndim == 2)
    assert estimated(texts, "lstm").flops == pytest.approx(6 * matrices, rel=0.1)


def test_a_step_in_parts_needs_less_memory(texts: EncodedTexts):
    whole, parts = estimated(texts, "lstm"), estimated(texts, "lstm", accumulate=4)
    assert parts.activations == pytest.approx(whole.activations / 4, rel=0.2)
    assert parts.weights == whole.weights


def test_what_can_not_fit_is_refused_with_what_would(texts: EncodedTexts):
    config = check(TrainingConfig, {"batch": 64}, where="test")
    found = estimated(texts, "lstm")
    refuse_what_can_not_fit(found, config, PLACE, free=found.memory)
    with pytest.raises(WenluError, match="needs about") as caught:
        refuse_what_can_not_fit(found, config, PLACE, free=round(1.2 * (found.weights + found.activations / 3)))
    assert "accumulate=3" in caught.value.hint or "accumulate=4" in caught.value.hint
    with pytest.raises(WenluError) as caught:
        refuse_what_can_not_fit(found, config, PLACE, free=found.weights)
    assert "smaller model" in caught.value.hint


def test_a_model_whose_weights_alone_can_not_fit_is_refused_before_it_is_made():
    refuse_too_many_weights(1_000_000, trained=1_000_000, place=PLACE, free=20_000_000)
    with pytest.raises(WenluError, match="1,000,000,000 parameters") as caught:
        refuse_too_many_weights(1_000_000_000, trained=1_000_000_000, place=PLACE, free=2_000_000_000)
    assert caught.value.hint == "About 104,166,667 parameters would fit."


def test_some_memory_is_free():
    assert free_memory(torch.device("cpu")) > 1_000_000


def test_a_person_reads_what_it_will_cost(texts: EncodedTexts):
    said = estimated(texts, "textcnn").sentence(free=8_000_000_000, steps=5, epochs=2)
    assert "FLOP a token" in said
    assert "of 8.0 GB free; 5 steps an epoch" in said
