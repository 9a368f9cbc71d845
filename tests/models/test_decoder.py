from __future__ import annotations

from pathlib import Path

import pytest
import torch
from tests.contracts.generators import SMALL, VOCABULARY, ids

from wenlu.base.errors import WenluError
from wenlu.base.spec import check
from wenlu.bundle.generate import Sampling, generate
from wenlu.models.decoder import SHAPES, Decoder, Shape

transformers = pytest.importorskip("transformers")


def made(**settings: object) -> Decoder:
    torch.manual_seed(1)
    return Decoder(Decoder.Config(**{**SMALL["decoder"], **settings}), vocabulary_size=VOCABULARY)


def qwen3(model: Decoder) -> torch.nn.Module:
    """transformers' own module with the weights of `model`."""
    shape, config = model.config.shape, model.config
    theirs = transformers.Qwen3ForCausalLM(
        transformers.Qwen3Config(
            vocab_size=VOCABULARY,
            hidden_size=shape.hidden,
            intermediate_size=shape.intermediate,
            num_hidden_layers=shape.layers,
            num_attention_heads=shape.heads,
            num_key_value_heads=shape.kv_heads,
            head_dim=shape.head,
            max_position_embeddings=config.context,
            rope_parameters={"rope_type": "default", "rope_theta": config.rope_theta},
            tie_word_embeddings=config.tied,
        )
    )
    missing, unexpected = theirs.load_state_dict(model.state_dict(), strict=False)
    assert not unexpected
    assert missing == (["lm_head.weight"] if config.tied else [])
    return theirs


SHAPED = [{}, {"tied": False}, {"kv_heads": 4}, {"kv_heads": 1, "rope_theta": 1e6}, {"head": 16, "layers": 3}]


@pytest.mark.parametrize("settings", SHAPED, ids=str)
def test_the_same_weights_give_the_logits_and_gradients_of_qwen3(settings: dict[str, object]):
    ours = made(**settings)
    theirs, tokens = qwen3(ours), ids(3, 32)
    logits, expected = ours(tokens), theirs(tokens).logits
    torch.testing.assert_close(logits, expected, rtol=0, atol=1e-5)
    logits.square().mean().backward()
    expected.square().mean().backward()
    for name, parameter in theirs.named_parameters():
        mine = ours.get_parameter(name).grad
        torch.testing.assert_close(mine, parameter.grad, rtol=1e-4, atol=1e-6, msg=name)


@pytest.mark.parametrize("size", SHAPES)
def test_a_size_is_what_its_name_says(size: str):
    number = float(size[:-1]) * {"M": 1e6, "B": 1e9}[size[-1]]
    assert SHAPES[size].parameters == pytest.approx(number, rel=0.1)


def test_a_shape_counts_the_weights_of_its_layers():
    model = made()
    layers = [weight for name, weight in model.named_parameters() if "layers" in name and weight.dim() == 2]
    assert sum(weight.numel() for weight in layers) == model.config.shape.parameters


def test_larger_models_begin_with_smaller_steps_over_more_ids():
    configs = [Decoder.Config(size=size) for size in SHAPES]
    rates = [config.learning_rate() for config in configs]
    tokens = [config.batch_tokens() for config in configs]
    assert rates == sorted(rates, reverse=True)
    assert tokens == sorted(tokens)
    assert rates[0] == pytest.approx(3e-3, rel=0.01)
    assert tokens[0] == 4096


def test_what_is_set_by_hand_takes_the_place_of_the_size():
    assert Decoder.Config(size="10M", layers=2).shape == Shape(384, 2, 6, 3, 64, 1024)


def test_heads_that_can_not_share_keys_evenly_are_refused():
    with pytest.raises(WenluError, match="heads = 6 can't be shared among kv_heads = 4"):
        check(Decoder.Config, {"size": "10M", "kv_heads": 4}, where="model")


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.filterwarnings("default")  # torch warns of itself while it compiles
def test_compiled_layers_train_as_the_others_do_and_twice_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))

    def trained(*, compiled: bool) -> tuple[Decoder, list[int]]:
        model = made()
        if compiled:
            model.compile_layers()
        optimizer = torch.optim.AdamW(model.parameters(), lr=0.01, fused=True)
        for number in range(3):
            optimizer.zero_grad()
            tokens = ids(4, 32, seed=number)
            logits = model(tokens[:, :-1], torch.zeros(4, 31, dtype=torch.int64))
            torch.nn.functional.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten()).backward()
            optimizer.step()
        return model, list(generate(model, [3, 4], Sampling(length=5)))

    (plain, plain_text), (one, one_text), (other, _) = (trained(compiled=way) for way in (False, True, True))
    for name, weights in one.state_dict().items():
        assert torch.equal(weights, other.state_dict()[name]), name
        torch.testing.assert_close(weights, plain.state_dict()[name], rtol=0, atol=1e-3)
    assert one_text == plain_text
