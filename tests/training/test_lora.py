from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import torch
from tests.contracts.classifiers import VOCABULARY, batch
from tests.contracts.classifiers import small as small_classifier
from tests.contracts.generators import ids
from tests.contracts.generators import small as small_generator
from torch import Tensor, nn

from wenlu.base.errors import WenluError
from wenlu.base.events import Silent
from wenlu.base.spec import check
from wenlu.training.adapt import chosen_weights
from wenlu.training.checkpoint import Checkpoints, read_tensors
from wenlu.training.encoded import EncodedBlock, EncodedTexts, write_encoded
from wenlu.training.loop import Training
from wenlu.training.lora import attach, merge
from wenlu.training.losses import CrossEntropy
from wenlu.training.place import choose_place
from wenlu.training.settings import LoraConfig, TrainingConfig
from wenlu.training.tasks.classify import Classify
from wenlu.training.tasks.generate import Generate

ROWS = [("pretrained", "classify"), ("encoder", "classify"), ("pretrained", "generate"), ("decoder", "generate")]
every = pytest.mark.parametrize(("name", "task"), ROWS)


class KilledError(Exception):
    """The process was killed."""


class Stopping(Checkpoints):
    """Checkpoints of a process that is killed behind its so-many-th step."""

    def write(self, groups, state, *, step: int, best: int) -> None:
        super().write(groups, state, step=step, best=best)
        if step >= 5:
            raise KilledError


def adapted(name: str, task: str, **settings: object) -> nn.Module:
    model = small_classifier(name) if task == "classify" else small_generator(name)
    attach(model, LoraConfig(rank=4, **settings))
    return model


def answers(model: nn.Module, task: str) -> Tensor:
    with torch.inference_mode():
        return model.eval()(*batch([3, 4, 5], [7, 8, 9, 10, 11])) if task == "classify" else model.eval()(ids(2, 9))


def training(
    model: nn.Module, task: str, folder: Path, *, kind: type[Checkpoints] = Checkpoints, **more: object
) -> Training:
    if not (folder / "texts").exists():
        rows = [ids(1, 8, seed=number)[0].remainder(VOCABULARY).tolist() for number in range(48)]
        write_encoded(folder / "texts", [EncodedBlock.of(rows, [row[0] % 3 for row in rows])])
    texts = EncodedTexts.open(folder / "texts")
    optimizer = {"name": "adamw", "learning_rate": 0.01}
    said = {"batch": 16, "epochs": 3, "checkpoint_every": 5, "optimizer": optimizer, "packing": {"length": 8}, **more}
    config = check(TrainingConfig, said, where="test")
    if task == "classify":
        goal = Classify(texts, texts, loss=CrossEntropy(CrossEntropy.Config()), batch=16, seed=1)
    else:
        goal = Generate(texts, texts, packing=config.packing, separator=0, batch=16, seed=1)
    return Training(
        model,
        goal,
        config,
        place=choose_place("cpu", "float32", gains_by_half=False),
        checkpoints=kind(folder / "checkpoints"),
        events=Silent(),
        weights=chosen_weights(model, freeze=(), rates={}),
    )


def digest(tensors: dict[str, Tensor]) -> str:
    return hashlib.sha256(b"".join(tensors[name].numpy().tobytes() for name in sorted(tensors))).hexdigest()


def base(model: nn.Module) -> dict[str, Tensor]:
    """The weights that the model had before it was adapted, but for its head, by their plain names."""
    return {
        name.replace(".base_layer", ""): tensor
        for name, tensor in model.state_dict().items()
        if ".lora_" not in name and not name.startswith(("output", "attention"))
    }


@every
def test_an_adapter_changes_nothing_before_it_has_learned(name: str, task: str):
    plain = small_classifier(name) if task == "classify" else small_generator(name)
    assert torch.equal(answers(plain, task), answers(adapted(name, task), task))


@every
def test_base_weights_are_untouched_while_it_learns_and_merged_it_answers_the_same(
    name: str, task: str, tmp_path: Path
):
    plain = small_classifier(name) if task == "classify" else small_generator(name)
    model = adapted(name, task)
    training(model, task, tmp_path).run()
    assert digest(base(model)) == digest(base(plain))
    learned = answers(model, task)
    assert not torch.allclose(learned, answers(plain, task), atol=1e-3)
    merge(model)
    torch.testing.assert_close(answers(model, task), learned, rtol=0, atol=1e-5)
    assert {key: value.shape for key, value in model.state_dict().items()} == {
        key: value.shape for key, value in plain.state_dict().items()
    }


@every
@pytest.mark.parametrize("average", [None, 0.9])
def test_killed_and_taken_up_again_it_ends_with_the_very_same_weights(
    name: str, task: str, average: float | None, tmp_path: Path
):
    whole = adapted(name, task, dropout=0.2)
    training(whole, task, tmp_path / "whole", average=average).run()
    with pytest.raises(KilledError):
        training(adapted(name, task, dropout=0.2), task, tmp_path / "killed", kind=Stopping, average=average).run()
    again = adapted(name, task, dropout=0.2)
    training(again, task, tmp_path / "killed", average=average).run()
    assert digest(dict(whole.state_dict())) == digest(dict(again.state_dict()))


@every
def test_checkpoints_hold_the_adapter_alone(name: str, task: str, tmp_path: Path):
    model = adapted(name, task)
    training(model, task, tmp_path, average=0.9).run()
    for path in (tmp_path / "checkpoints").glob("*.safetensors"):
        groups = read_tensors(path)[0]
        for group in ("model", "average"):
            held = groups.get(group, {})
            assert all(".lora_" in key or key.split(".")[0] in ("output", "attention") for key in held)
        assert any(".lora_A." in key for key in groups["model"])


def test_targets_are_named_by_their_ends():
    model = adapted("decoder", "generate", targets=["q_proj", "v_proj"])
    names = {name.split(".lora_A")[0].rpartition(".")[2] for name in model.state_dict() if ".lora_A" in name}
    assert names == {"q_proj", "v_proj"}
    with pytest.raises(WenluError, match=r"No linear layer of the model is called 'q_prj'. Did you mean 'q_proj'\?"):
        adapted("decoder", "generate", targets=["q_prj"])
    with pytest.raises(WenluError, match="no layers of which an adapter"):
        attach(small_classifier("lstm"), LoraConfig())


def test_the_head_of_a_classifier_is_learned_whole():
    model = adapted("pretrained", "classify")
    whole = [name for name, parameter in model.named_parameters() if parameter.requires_grad and ".lora_" not in name]
    assert whole == ["output.weight", "output.bias"]


def test_adapters_and_divided_weights_are_a_mistake():
    with pytest.raises(WenluError, match="'lora' can't be divided among processes"):
        check(TrainingConfig, {"lora": {}, "shard": True, "processes": 2}, where="training")
