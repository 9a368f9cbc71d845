from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from tests.contracts.rewriters import VOCABULARY, batch, ids, rewriters, small
from torch import Tensor

from wenlu.base.errors import WenluError
from wenlu.base.spec import check
from wenlu.models.seq2seq import SHAPES, Seq2seq

every = pytest.mark.parametrize("name", rewriters())

SOURCES = batch([5, 6, 7, 8], [9, 10], [11, 12, 13, 14, 15, 16])


def same(ours: Tensor, theirs: Tensor) -> None:
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-5)


@every
def test_there_is_one_logit_for_each_id_at_every_place_of_the_target(name: str):
    assert small(name)(*SOURCES, ids(3, 7)).shape == (3, 7, VOCABULARY)


@every
def test_no_later_id_of_the_target_changes_an_earlier_logit(name: str):
    model, tokens = small(name), ids(3, 12)
    other = tokens.clone()
    other[:, 7:] = (other[:, 7:] + 1) % VOCABULARY
    same(model(*SOURCES, tokens)[:, :7], model(*SOURCES, other)[:, :7])
    same(model(*SOURCES, tokens)[:, :7], model(*SOURCES, tokens[:, :7]))


@every
def test_the_source_and_the_past_change_the_future(name: str):
    model, tokens = small(name), ids(1, 9)
    source, length = batch([5, 6, 7, 8])
    said = model(source, length, tokens)[:, -1]
    for place in range(4):
        other = source.clone()
        other[:, place] += 1
        assert not torch.allclose(said, model(other, length, tokens)[:, -1], rtol=0, atol=1e-5)
    earlier = tokens.clone()
    earlier[:, 0] = (earlier[:, 0] + 1) % VOCABULARY
    assert not torch.allclose(said, model(source, length, earlier)[:, -1], rtol=0, atol=1e-5)
    assert not torch.allclose(said, model(source.flip(1), length, tokens)[:, -1], rtol=0, atol=1e-5)


@every
def test_padding_and_the_other_rows_change_nothing(name: str):
    model, tokens = small(name), ids(3, 9)
    together = model(*SOURCES, tokens)
    for row, length in enumerate(SOURCES[1].tolist()):
        alone = model(SOURCES[0][row : row + 1, :length], torch.tensor([length]), tokens[row : row + 1])
        same(together[row : row + 1], alone)
    noise = SOURCES[0].clone()
    noise[1, 2:] = 33  # padding need not be padding's id
    same(model(noise, SOURCES[1], tokens), together)


@every
def test_written_on_one_id_at_a_time_it_gives_the_logits_of_reading_all_at_once(name: str):
    model, tokens = small(name), ids(3, 8)
    whole = model(*SOURCES, tokens)
    reading = model.begin(*SOURCES)
    for place in range(8):
        same(model.further(tokens[:, place : place + 1], reading), whole[:, place])
        assert reading.length == place + 1


@every
def test_rows_of_a_reading_are_chosen_left_out_and_doubled(name: str):
    model, tokens = small(name), ids(3, 8)
    whole = model(*SOURCES, tokens)
    rows = [2, 0, 2]
    before = model.begin(*SOURCES).chosen(rows)
    same(model.further(tokens[rows, :3], before), whole[rows, 2])
    again = before.chosen([1])
    same(model.further(tokens[:1, 3:5], again), whole[:1, 4])
    same(model.further(tokens[rows, 3:5], before), whole[rows, 4])


@every
def test_eight_pairs_are_learned_by_heart(name: str):
    model, sources, tokens = small(name, dropout=0.0).train(), ids(8, 6, seed=2), ids(8, 9)
    tokens[:, 0] = 0  # nothing but the source tells the targets apart
    optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
    lengths = torch.full((8,), 6)
    for _ in range(200):
        optimizer.zero_grad()
        logits = model(sources, lengths, tokens[:, :-1])
        torch.nn.functional.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten()).backward()
        optimizer.step()
    assert (model.eval()(sources, lengths, tokens[:, :-1]).argmax(2) == tokens[:, 1:]).all()


@every
def test_saved_and_loaded_it_answers_bit_equal(name: str, tmp_path: Path):
    model, other = small(name, seed=1), small(name, seed=2)
    save_file(model.state_dict(), tmp_path / "weights")
    other.load_state_dict(load_file(tmp_path / "weights"))
    assert torch.equal(model(*SOURCES, ids(3, 9)), other(*SOURCES, ids(3, 9)))


@every
def test_the_same_seed_makes_the_same_weights(name: str):
    assert torch.equal(small(name)(*SOURCES, ids(3, 9)), small(name)(*SOURCES, ids(3, 9)))
    assert not torch.equal(small(name, seed=1)(*SOURCES, ids(3, 9)), small(name, seed=2)(*SOURCES, ids(3, 9)))


@every
def test_dropout_changes_training_alone(name: str):
    model = small(name, dropout=0.5)
    same(model(*SOURCES, ids(3, 9)), small(name, dropout=0.0)(*SOURCES, ids(3, 9)))
    assert not torch.allclose(model.train()(*SOURCES, ids(3, 9)), model(*SOURCES, ids(3, 9)))


def test_a_size_has_as_many_weights_as_its_name_says_and_any_number_may_be_set():
    units = {"M": 1e6, "B": 1e9}
    for name, shape in SHAPES.items():
        assert shape.parameters == pytest.approx(float(name[:-1]) * units[name[-1]], rel=0.1)
    config = Seq2seq.Config(size="1M", encoder_layers=1, intermediate=64)
    with torch.device("meta"):
        model = Seq2seq(config, vocabulary_size=11)
    matrices = sum(
        one.numel() for name, one in model.named_parameters() if one.ndim == 2 and name != "embedding.weight"
    )
    assert matrices == config.shape.parameters
    assert (len(model.encoder), len(model.decoder)) == (1, 2)


def test_heads_that_do_not_fit_are_told():
    with pytest.raises(WenluError, match="can't be divided into heads = 5"):
        check(Seq2seq.Config, {"hidden": 128, "heads": 5}, where="model")
