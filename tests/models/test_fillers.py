from __future__ import annotations

import pytest
import torch
from tests.contracts.classifiers import VOCABULARY, batch, small
from tests.contracts.fillers import fillers, small_filler
from torch import Tensor, nn

from wenlu.training.adapt import adopt

every = pytest.mark.parametrize("name", fillers())


def states(model: nn.Module, *rows: list[int], places: list[tuple[int, int]]) -> Tensor:
    tokens, lengths = batch(*rows)
    asked = torch.zeros_like(tokens, dtype=torch.bool)
    for row, place in places:
        asked[row, place] = True
    return model(tokens, lengths, asked)


def test_the_encoder_has_a_filler():
    assert "encoder" in fillers()


@every
def test_there_is_one_state_a_place_and_one_output_weight_an_id(name: str):
    model = small_filler(name)
    found = states(model, [3, 4, 5], [6], places=[(0, 0), (0, 2), (1, 0)])
    assert found.shape[0] == 3
    assert model.projection.shape == (VOCABULARY, found.shape[1])


@every
def test_padding_and_neighbours_do_not_change_a_state(name: str):
    model = small_filler(name)
    alone = states(model, [3, 1, 5], places=[(0, 1)])
    among = states(model, [7, 8, 9, 10, 11], [3, 1, 5], places=[(1, 1)])
    torch.testing.assert_close(alone, among, rtol=0, atol=1e-6)


@every
def test_a_state_hangs_on_both_sides_of_its_place(name: str):
    model = small_filler(name)
    one = states(model, [3, 1, 5], places=[(0, 1)])
    for other in ([4, 1, 5], [3, 1, 6]):
        assert not torch.allclose(one, states(model, other, places=[(0, 1)]))


@every
def test_the_classifier_begins_with_all_of_its_backbone_and_nothing_of_its_head(name: str):
    model, filler = small(name), small_filler(name, seed=2)
    adopted = adopt(model, filler.state_dict(), origin="the pretraining")
    own, its = model.state_dict(), filler.state_dict()
    assert {name for name in own if name.startswith("backbone.")} == set(adopted.taken)
    assert all(torch.equal(own[name], its[name]) for name in adopted.taken)


@every
def test_masked_ids_of_eight_rows_are_learned_by_heart(name: str):
    model = small_filler(name).train()
    rows = [[number, 1, 29 - number, 2 + number % 3] for number in range(2, 10)]
    wanted = torch.tensor([(7 * number) % VOCABULARY for number in range(8)])
    places = [(row, 1) for row in range(8)]
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(150):
        optimizer.zero_grad()
        logits = states(model, *rows, places=places) @ model.projection.t()
        torch.nn.functional.cross_entropy(logits, wanted).backward()
        optimizer.step()
    assert ((states(model.eval(), *rows, places=places) @ model.projection.t()).argmax(1) == wanted).all()
