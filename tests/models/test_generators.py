from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from tests.contracts.generators import VOCABULARY, generators, ids, small
from torch import Tensor

from wenlu.bundle.generate import Sampling, generate

every = pytest.mark.parametrize("name", generators())


def same(ours: Tensor, theirs: Tensor) -> None:
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-5)


@every
def test_there_is_one_logit_for_each_id_at_every_place(name: str):
    assert small(name)(ids(2, 7)).shape == (2, 7, VOCABULARY)


@every
def test_the_future_does_not_change_the_past(name: str):
    model, tokens = small(name), ids(2, 12)
    other = tokens.clone()
    other[:, 7:] = (other[:, 7:] + 1) % VOCABULARY
    same(model(tokens)[:, :7], model(other)[:, :7])
    same(model(tokens)[:, :7], model(tokens[:, :7]))


@every
def test_the_past_changes_the_future(name: str):
    model, tokens = small(name), ids(1, 12)
    other = tokens.clone()
    other[:, 0] = (other[:, 0] + 1) % VOCABULARY
    assert not torch.allclose(model(tokens)[:, -1], model(other)[:, -1], rtol=0, atol=1e-5)


@every
def test_rows_do_not_see_each_other(name: str):
    model, tokens = small(name), ids(3, 9)
    same(model(tokens)[1:2], model(tokens[1:2]))


@every
def test_documents_in_one_row_do_not_see_each_other(name: str):
    model, tokens = small(name), ids(1, 16)
    documents = torch.tensor([[0] * 3 + [1] * 6 + [2] * 7])
    packed = model(tokens, documents)
    for part in (slice(0, 3), slice(3, 9), slice(9, 16)):
        same(packed[:, part], model(tokens[:, part]))
    assert not torch.allclose(packed[:, 9:], model(tokens)[:, 9:], rtol=0, atol=1e-5)


@every
def test_eight_rows_are_learned_by_heart(name: str):
    model, tokens = small(name).train(), ids(8, 12)
    tokens[:, 0] = torch.arange(8)  # what tells the rows apart
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(120):
        optimizer.zero_grad()
        logits = model(tokens[:, :-1])
        torch.nn.functional.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten()).backward()
        optimizer.step()
    assert (model.eval()(tokens[:, :-1]).argmax(2) == tokens[:, 1:]).all()


@every
def test_saved_and_loaded_it_answers_bit_equal(name: str, tmp_path: Path):
    model, other = small(name, seed=1), small(name, seed=2)
    save_file(model.state_dict(), tmp_path / "weights")
    other.load_state_dict(load_file(tmp_path / "weights"))
    assert torch.equal(model(ids(2, 9)), other(ids(2, 9)))


@every
def test_the_same_seed_makes_the_same_weights(name: str):
    assert torch.equal(small(name)(ids(2, 9)), small(name)(ids(2, 9)))
    assert not torch.equal(small(name, seed=1)(ids(2, 9)), small(name, seed=2)(ids(2, 9)))


@every
def test_it_writes_what_it_would_by_reading_all_again_for_each_id(name: str):
    model, prompt = small(name), ids(1, 5)[0].tolist()
    written = list(generate(model, prompt, Sampling(length=20)))
    read = prompt
    for chosen in written:
        assert chosen == model(torch.tensor([read]))[0, -1].argmax()
        read = [*read, chosen]
