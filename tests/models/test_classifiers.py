from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from safetensors.torch import load_file, save_file
from tests.contracts.classifiers import LABELS, VOCABULARY, batch, classifiers, described, small

from wenlu.base.errors import WenluError
from wenlu.bundle.export.onnx import export_onnx
from wenlu.bundle.seal import seal

every = pytest.mark.parametrize("name", classifiers())


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
    save_file(model.state_dict(), tmp_path / "weights.safetensors")
    seal(tmp_path, described(name))
    export_onnx(tmp_path)
    graph = (tmp_path / "model.onnx").read_bytes()
    assert b".py" not in graph, "it tells strangers about the folders of this machine"
    session = onnxruntime.InferenceSession(graph)
    for rows in ([[3]], [[3, 4, 5, 6, 7, 8, 9]], [[2, 3]] * 17, [[5, 6, 7], [8], [9, 9, 9, 9]]):
        tokens, lengths = batch(*rows)
        ours = model(tokens, lengths).detach().numpy()
        theirs = session.run(None, {"tokens": tokens.numpy(), "lengths": lengths.numpy()})[0]
        np.testing.assert_allclose(theirs, ours, rtol=0, atol=1e-5)


def test_weights_that_fit_no_architecture_can_not_be_exported(tmp_path: Path):
    save_file(small("bag").state_dict(), tmp_path / "weights.safetensors")
    seal(tmp_path, described("lstm"))
    with pytest.raises(WenluError, match="can't be written as ONNX"):
        export_onnx(tmp_path)
    assert not (tmp_path / "model.onnx").exists()


def test_order_matters_to_an_lstm_and_to_a_bag_of_pairs():
    for name in ("lstm", "bag"):
        model = small(name)
        assert not torch.allclose(model(*batch([3, 4])), model(*batch([4, 3])))
