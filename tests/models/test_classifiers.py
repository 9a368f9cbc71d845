from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from tests.contracts.classifiers import LABELS, VOCABULARY, batch, classifiers, described, small
from torch import Tensor, nn

from wenlu.base.errors import WenluError
from wenlu.base.spec import check
from wenlu.bundle.export.onnx import export_onnx
from wenlu.bundle.seal import seal
from wenlu.models import MODELS
from wenlu.models.activations import ACTIVATIONS

every = pytest.mark.parametrize("name", classifiers())

OTHERWISE: list[tuple[str, dict[str, object]]] = [
    *(("lstm", {"pooling": pooling, "bidirectional": True}) for pooling in ("last", "max", "mean", "attention")),
    ("lstm", {"pooling": "mean"}),
    *(("encoder", {"pooling": pooling}) for pooling in ("first", "mean", "max", "attention")),
    ("encoder", {"positions": "learned", "longest": 4, "norm": "layer", "feed_forward": "gelu"}),
    ("linear", {"ngrams": 1}),
    *(("textcnn", {"activation": activation, "pooling": "max_mean"}) for activation in ACTIVATIONS),
    *(("encoder", {"activation": activation, "feed_forward": "gelu"}) for activation in ("relu", "mish")),
    ("encoder", {"activation": "gelu"}),
    ("textcnn", {"pooling": "mean", "activation": "tanh"}),
]
otherwise = pytest.mark.parametrize(("name", "settings"), OTHERWISE)


@every
def test_there_is_one_score_a_label(name: str):
    assert small(name)(*batch([3, 4, 5], [6])).shape == (2, LABELS)


@every
def test_padding_and_neighbours_do_not_change_the_answer(name: str):
    model = small(name)
    alone = model(*batch([3, 4, 5]))
    among = model(*batch([3, 4, 5], [7, 8, 9, 10, 11, 12], [2]))
    torch.testing.assert_close(alone[0], among[0], rtol=0, atol=1e-6)


@every
def test_what_stands_behind_the_last_real_id_is_never_read(name: str):
    model = small(name)
    tokens, lengths = batch([3, 4, 5, 6, 7, 8])
    rubbish = tokens.clone()
    rubbish[:, 3:] = 9
    torch.testing.assert_close(model(tokens, lengths - 3), model(rubbish, lengths - 3), rtol=0, atol=1e-6)


@every
def test_a_text_of_one_id_and_the_highest_id_are_answered(name: str):
    assert torch.isfinite(small(name)(*batch([VOCABULARY - 1]))).all()


@every
def test_eight_rows_are_learned_by_heart(name: str):
    model = small(name).train()
    rows = [[number, 29 - number, 2 + number % 3, *range(number)] for number in range(2, 10)]
    tokens, lengths = batch(*rows)
    labels = torch.tensor([number % LABELS for number in range(8)])
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(150):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(tokens, lengths), labels).backward()
        optimizer.step()
    assert (model.eval()(tokens, lengths).argmax(1) == labels).all()


@every
def test_dropout_is_off_when_it_answers(name: str):
    model = small(name)
    assert torch.equal(model(*batch([3, 4, 5])), model(*batch([3, 4, 5])))


@every
def test_saved_and_loaded_it_answers_bit_equal(name: str, tmp_path: Path):
    model, other = small(name, seed=1), small(name, seed=2)
    save_file(model.state_dict(), tmp_path / "weights")
    other.load_state_dict(load_file(tmp_path / "weights"))
    assert torch.equal(model(*batch([3, 4], [5])), other(*batch([3, 4], [5])))


@every
def test_the_same_seed_makes_the_same_weights(name: str):
    assert torch.equal(small(name)(*batch([3, 4])), small(name)(*batch([3, 4])))


@every
def test_exported_to_onnx_it_gives_the_same_scores_at_any_batch_and_length(name: str, tmp_path: Path):
    model = small(name)
    graph = exported(name, tmp_path)
    assert b".py" not in graph, "it tells strangers about the folders of this machine"
    session = onnxruntime.InferenceSession(graph)
    for rows in ([[3]], [[3, 4, 5, 6, 7, 8, 9]], [[2, 3]] * 17, [[5, 6, 7], [8], [9, 9, 9, 9]]):
        tokens, lengths = batch(*rows)
        ours = model(tokens, lengths).detach().numpy()
        theirs = session.run(None, {"tokens": tokens.numpy(), "lengths": lengths.numpy()})[0]
        np.testing.assert_allclose(theirs, ours, rtol=0, atol=1e-5)


@otherwise
@pytest.mark.slow  # an export each
def test_every_setting_keeps_the_promises(name: str, settings: dict[str, object], tmp_path: Path):
    model = small(name, **settings)
    tokens, lengths = batch([3, 4, 5], [7, 8, 9, 10, 11, 12], [2])
    rubbish = torch.where(torch.arange(6) < lengths.unsqueeze(1), tokens, 9)
    among = model(tokens, lengths)
    torch.testing.assert_close(model(*batch([3, 4, 5])), among[:1], rtol=0, atol=1e-6)
    torch.testing.assert_close(model(rubbish, lengths), among, rtol=0, atol=1e-6)
    session = onnxruntime.InferenceSession(exported(name, tmp_path, **settings))
    for rows in ([[3]], [[3, 4, 5, 6, 7, 8, 9]], [[2, 3]] * 17, [[5, 6, 7], [8], [9, 9, 9, 9]]):
        tokens, lengths = batch(*rows)
        theirs = session.run(None, {"tokens": tokens.numpy(), "lengths": lengths.numpy()})[0]
        np.testing.assert_allclose(theirs, model(tokens, lengths).detach().numpy(), rtol=0, atol=1e-5)


def exported(name: str, folder: Path, **settings: object) -> bytes:
    """The ONNX graph of a small model."""
    save_file(small(name, **settings).state_dict(), folder / "weights.safetensors")
    seal(folder, described(name, **settings))
    export_onnx(folder)
    return (folder / "model.onnx").read_bytes()


def test_weights_that_fit_no_architecture_can_not_be_exported(tmp_path: Path):
    save_file(small("bag").state_dict(), tmp_path / "weights.safetensors")
    seal(tmp_path, described("lstm"))
    with pytest.raises(WenluError, match="can't be written as ONNX"):
        export_onnx(tmp_path)
    assert not (tmp_path / "model.onnx").exists()


def test_order_matters_to_an_lstm_to_an_encoder_and_to_a_bag_of_pairs():
    for name in ("lstm", "encoder", "bag"):
        model = small(name)
        assert not torch.allclose(model(*batch([3, 4])), model(*batch([4, 3])))


def test_what_reads_backwards_reads_a_mirrored_row_forwards():
    both, one = small("lstm", bidirectional=True), small("lstm")
    one.embedding.load_state_dict(both.embedding.state_dict())
    one.layers.load_state_dict(both.backwards.state_dict())
    torch.testing.assert_close(before_output(both, [3, 4, 5], [7])[:, 16:], before_output(one, [5, 4, 3], [7]))


def before_output(model: nn.Module, *rows: list[int]) -> Tensor:
    """The one state of each row that the last layer reads."""
    read: list[Tensor] = []
    model.output.register_forward_pre_hook(lambda _, inputs: read.append(inputs[0]))
    model(*batch(*rows))
    return read[0]


def test_heads_that_do_not_fit_are_a_sentence():
    with pytest.raises(WenluError, match="width 16 can't be divided into 3 heads"):
        check(MODELS["encoder"].Config, {"width": 16, "heads": 3}, where="model")


def test_weights_of_a_backbone_alone_load_into_an_encoder():
    one, other = small("encoder", seed=1), small("encoder", seed=2)
    other.backbone.load_state_dict(one.backbone.state_dict())
    assert torch.equal(one.hidden(*batch([3, 4])), other.hidden(*batch([3, 4])))


def row(*ids: int) -> NDArray[np.int32]:
    return np.array(ids, dtype=np.int32)


def looked_at(rows: list[tuple[NDArray[np.int32], int]], **settings: object) -> nn.Module:
    """A linear model that has seen these rows, and gives every vote a weight of one."""
    kind = MODELS["linear"]
    model: nn.Module = kind(kind.Config(**{"features": 64, **settings}), vocabulary_size=VOCABULARY, labels=2)
    model.look_at(rows)
    nn.init.ones_(model.weights)
    return model.eval()


def test_a_vote_is_the_ratio_of_naive_bayes():
    model = looked_at([(row(2), 0), (row(2), 0), (row(2), 1), (row(3), 1)], min_count=1, smoothing=0.5, ngrams=1)
    # Of label 0: id 2 and the ends of a row twice, id 3 never; of label 1: each once, and the ends twice. Half a row is
    # added to each.
    two = math.log((2.5 / 5.5) / (1.5 / 5.5))
    torch.testing.assert_close(model(*batch([2]))[0], torch.tensor([two, -two]) / math.sqrt(2))


def test_an_n_gram_votes_once_and_a_strange_or_rare_one_not_at_all():
    model = looked_at([(row(2, 3), 0), (row(2), 0), (row(3), 1), (row(4), 1)], ngrams=1)
    assert torch.equal(model(*batch([2, 2, 2])), model(*batch([2])))
    assert torch.equal(model(*batch([4, 5, 6])), model(*batch([7])))
    assert not torch.equal(model(*batch([2])), model(*batch([7])))


def test_of_too_many_n_grams_the_most_frequent_vote():
    rows = [(row(number), number % 2) for number in range(2, 22) for _ in range(40 - number)]
    model = looked_at(rows, features=16, ngrams=1)
    assert [bool(model(*batch([number])).abs().max() > 0.1) for number in (2, 3, 20, 21)] == [True, True, False, False]


def test_the_order_of_the_rows_it_looks_at_changes_nothing():
    rows = [(row(*range(number % 7, 12), number % 5), number % 2) for number in range(900)]
    one, other = looked_at(rows), looked_at(rows[::-1])
    assert all(torch.equal(ours, theirs) for ours, theirs in zip(one.buffers(), other.buffers(), strict=True))


def test_counting_forgets_rare_n_grams_rather_than_grow(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("wenlu.models.linear._MOST_COUNTED", 100)
    rows = [(row(2, 1000 + number), number % 2) for number in range(2_000)]
    model = looked_at(rows, ngrams=1, min_count=1)
    assert int((model.names >= 0).sum()) < 64
    assert model(*batch([2]))[0].shape == (2,)


def test_a_linear_model_that_saw_no_rows_says_nothing():
    assert torch.equal(looked_at([])(*batch([2, 3])), torch.zeros(1, 2))
