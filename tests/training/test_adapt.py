from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.contracts.classifiers import VOCABULARY, classifiers, small
from torch import nn

from wenlu.base.errors import WenluError
from wenlu.base.events import Silent
from wenlu.base.spec import check
from wenlu.training.adapt import adopt, chosen_weights
from wenlu.training.checkpoint import Checkpoints
from wenlu.training.encoded import EncodedBlock, EncodedTexts, write_encoded
from wenlu.training.loop import Training
from wenlu.training.losses import CrossEntropy
from wenlu.training.place import choose_place
from wenlu.training.settings import TrainingConfig
from wenlu.training.tasks.classify import Classify


def digest(model: nn.Module, prefix: str) -> str:
    state = model.state_dict()
    names = sorted(name for name in state if name.startswith(prefix))
    return hashlib.sha256(b"".join(state[name].numpy().tobytes() for name in names)).hexdigest()


def trained(model: nn.Module, folder: Path, **settings: object) -> None:
    chance = np.random.default_rng(1)
    rows = [chance.integers(2, VOCABULARY, 6).tolist() for _ in range(64)]
    write_encoded(folder / "texts", [EncodedBlock.of(rows, [row[0] % 3 for row in rows])])
    texts = EncodedTexts.open(folder / "texts")
    config = check(TrainingConfig, {"batch": 16, "epochs": 3, **settings}, where="test")
    task = Classify(texts, texts, loss=CrossEntropy(CrossEntropy.Config()), batch=16, seed=1)
    weights = chosen_weights(model, freeze=config.freeze, rates=config.rates)
    place = choose_place("cpu", "float32", gains_by_half=False)
    checkpoints = Checkpoints(folder / "checkpoints")
    Training(model, task, config, place=place, checkpoints=checkpoints, events=Silent(), weights=weights).run()


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "muon", "lion", "sgd"])
def test_what_is_frozen_is_the_same_to_the_bit_and_the_rest_is_not(tmp_path: Path, optimizer: str):
    model = small("lstm")
    frozen, free = digest(model, "embedding"), digest(model, "output")
    trained(model, tmp_path, freeze=["embedding*", "layers.*"], optimizer=optimizer)
    assert digest(model, "embedding") == frozen
    assert digest(model, "output") != free


def test_a_lower_rate_moves_weights_less(tmp_path: Path):
    moved = {}
    for scale in (1.0, 0.01):
        model, before = small("textcnn"), small("textcnn")
        sgd = {"name": "sgd", "learning_rate": 0.1, "momentum": 0.0}
        trained(model, tmp_path / str(scale), rates={"embedding*": scale}, optimizer=sgd, epochs=1)
        moved[scale] = (model.embedding.weight - before.embedding.weight).norm().item()
    assert 0 < moved[0.01] < moved[1.0] / 20


def test_every_model_begins_where_another_of_its_kind_ended():
    for name in classifiers():
        old, new = small(name, seed=1), small(name, seed=2)
        adopted = adopt(new, old.state_dict(), origin="old@1")
        assert (adopted.new, adopted.left) == ((), ())
        ours, theirs = new.state_dict(), old.state_dict()
        assert all(torch.equal(ours[key], theirs[key]) for key in theirs)


def test_what_does_not_fit_begins_anew_and_is_named():
    new = small("lstm", seed=2)
    tensors = small("lstm").state_dict()
    tensors["output.weight"] = torch.zeros(7, 3)
    adopted = adopt(new, tensors, origin="old@1")
    assert adopted.new == ("output.weight",)
    assert adopted.left == ("output.weight",)
    assert "begun anew: output.weight" in adopted.sentence("old@1")
    with pytest.raises(WenluError, match="no tensor of the name and shape"):
        adopt(new, {"other": torch.zeros(1)}, origin="old@1")


def test_patterns_that_match_nothing_and_that_leave_nothing_are_sentences():
    with pytest.raises(WenluError, match=r"No weight of the model is called 'embeding\*'"):
        chosen_weights(small("lstm"), freeze=["embeding*"], rates={})
    with pytest.raises(WenluError, match="leaves no weight"):
        chosen_weights(small("lstm"), freeze=["*"], rates={})
