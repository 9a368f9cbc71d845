from __future__ import annotations

import math

import pytest
import torch
from tests.contracts.classifiers import small
from tests.contracts.fillers import small_filler
from torch import Tensor, nn

from wenlu.base.errors import WenluError
from wenlu.base.spec import check
from wenlu.models import MODELS
from wenlu.models.initialisers import INITIALISERS

begins = pytest.mark.parametrize("name", [name for name in MODELS if hasattr(MODELS[name].Config(), "embedding_init")])


def drawn(name: str, rows: int = 64, columns: int = 256, **settings: object) -> Tensor:
    torch.manual_seed(1)
    kind = INITIALISERS[name]
    weight = torch.zeros(rows, columns)
    kind(kind.Config(**settings))(weight)
    return weight


@pytest.mark.parametrize(
    ("name", "settings", "spread"),
    [
        ("normal", {"std": 0.05}, 0.05),
        ("truncated_normal", {"std": 0.05}, 0.05 * 0.88),
        ("uniform", {"bound": 0.3}, 0.3 / math.sqrt(3)),
        ("xavier", {}, math.sqrt(2 / (64 + 256))),
        ("xavier", {"gain": 2.0, "distribution": "normal"}, 2 * math.sqrt(2 / (64 + 256))),
        ("kaiming", {}, math.sqrt(2 / 256)),
        ("kaiming", {"distribution": "uniform"}, math.sqrt(2 / 256)),
        ("orthogonal", {}, 1 / math.sqrt(256)),
    ],
)
def test_values_spread_as_the_formula_says(name: str, settings: dict[str, object], spread: float):
    weight = drawn(name, **settings)
    assert weight.mean().abs().item() < 0.05 * spread
    assert weight.std().item() == pytest.approx(spread, rel=0.03)


def test_nothing_truncated_is_further_than_two_deviations_away():
    assert drawn("truncated_normal", std=0.05).abs().max() <= 0.1


def test_rows_at_right_angles():
    weight = drawn("orthogonal", gain=3.0)
    torch.testing.assert_close(weight @ weight.t(), 9 * torch.eye(64), rtol=0, atol=1e-4)


@begins
def test_layers_and_vectors_of_ids_begin_as_they_are_told_each_for_itself(name: str):
    own = weights(small(name))
    layers = weights(small(name, init={"name": "uniform", "bound": 0.001}))
    vectors = weights(small(name, embedding_init={"name": "uniform", "bound": 0.001}))
    for key, (weight, of_ids) in own.items():
        assert (layers[key][0].abs().max() <= 0.001) != of_ids, key
        assert torch.equal(layers[key][0], weight) == of_ids, key
        assert (vectors[key][0].abs().max() <= 0.001) == of_ids, key
        assert torch.equal(vectors[key][0], weight) != of_ids, key


def weights(model: nn.Module) -> dict[str, tuple[Tensor, bool]]:
    """Matrices by name, and whether each is of ids."""
    return {
        f"{place}.{name}": (weight.detach(), isinstance(module, nn.Embedding))
        for place, module in model.named_modules()
        for name, weight in module.named_parameters(recurse=False)
        if weight.ndim > 1
    }


@begins
def test_what_is_no_matrix_stays_as_it_is(name: str):
    own, other = small(name), small(name, init="orthogonal", embedding_init="normal")
    for ours, theirs in zip(own.parameters(), other.parameters(), strict=True):
        assert ours.ndim > 1 or torch.equal(ours, theirs)


def test_a_recurrent_layer_begins_gate_by_gate():
    model = small("lstm", init="orthogonal")
    for gate in model.layers.weight_hh_l0.detach().chunk(4):
        torch.testing.assert_close(gate @ gate.t(), torch.eye(16), rtol=0, atol=1e-5)


def test_a_filler_begins_as_its_classifier_does():
    filler = small_filler("encoder", init={"name": "uniform", "bound": 0.001})
    assert all(weight.abs().max() <= 0.001 for weight, of_ids in weights(filler).values() if not of_ids)


@pytest.mark.parametrize("name", ["bag", "encoder", "lstm", "textcnn"])
def test_what_is_left_out_is_not_written_down_so_models_of_before_keep_their_version(name: str):
    said = check(MODELS[name].Config, {}, where="model").model_dump(mode="json")
    assert not {"init", "embedding_init", "activation"} & set(said)
    again = check(MODELS[name].Config, {**said, "init": {"name": "normal", "std": 0.1}}, where="model")
    assert again.model_dump(mode="json")["init"] == {"name": "normal", "std": 0.1}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"name": "encoder", "init": "xavir"}, "Did you mean 'xavier'"),
        ({"name": "encoder", "init": {"name": "normal", "sdt": 1.0}}, "did you mean 'std'"),
        ({"name": "textcnn", "activation": "rellu"}, "Did you mean 'relu'"),
        ({"name": "encoder", "activation": "sigmoid"}, "no activation called 'sigmoid'"),
        ({"name": "textcnn", "pooling": "most"}, "pooling = 'most'"),
    ],
)
def test_a_wrong_name_is_told(settings: dict[str, object], said: str):
    name = settings.pop("name")
    with pytest.raises(WenluError) as caught:
        check(MODELS[str(name)].Config, settings, where="model")
    assert said in str(caught.value)
