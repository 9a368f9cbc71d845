from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from safetensors.torch import load_file, save_file
from tests.bundles import TEXTS
from tests.contracts.classifiers import batch
from tests.pretrained import DECODER, bert_folder, changed_config, decoder_folder, gguf_file, roberta_folder
from torch import nn

from wenlu.base.errors import WenluError
from wenlu.base.spec import check
from wenlu.bundle.export.onnx import export_onnx
from wenlu.bundle.manifest import Architecture, Description
from wenlu.bundle.seal import seal
from wenlu.models import MODELS
from wenlu.models.pretrained import Pretrained
from wenlu.text.pipeline import PipelineConfig, TextPipeline

FOLDERS: dict[str, Callable[[Path], Path]] = {
    "bert": bert_folder,
    "roberta": roberta_folder,
    "qwen3": decoder_folder,
    "llama": lambda folder: decoder_folder(folder, kind="llama"),
    "gpt2": lambda folder: decoder_folder(folder, kind="gpt2"),
}
KINDS = ("bert", "roberta", "electra", "albert", "distilbert", "ernie", "deberta-v2", "modernbert", "roformer", "qwen2",
         "qwen3", "llama", "mistral", "gpt2", "gemma2")  # fmt: skip
WIDTHS = {"dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 64, "n_embd": 32, "n_layer": 2, "n_head": 4}
every_folder = pytest.mark.parametrize("kind", FOLDERS)


def blank(kind: str, **settings: Any) -> nn.Module:
    """A small network of that architecture under our head, or a generator without `labels`."""
    labels = settings.pop("labels", 3)
    torch.manual_seed(1)
    architecture = {"model_type": kind, **DECODER, **WIDTHS, "pad_token_id": 1, "embedding_size": 32}
    model: nn.Module = Pretrained(
        Pretrained.Config(architecture=architecture, **settings), vocabulary_size=60, labels=labels
    )
    return model.eval()


def pipeline_of(folder: Path, *, longest: int = 24) -> TextPipeline:
    settings = {"normalize": [], "tokenizer": Pretrained.Config(path=str(folder)).tokenizer(), "max_length": longest}
    return TextPipeline.train((), check(PipelineConfig, settings, where="test"), clean=[])


@every_folder
def test_ids_are_those_of_auto_tokenizer(kind: str, tmp_path: Path):
    from transformers import AutoTokenizer

    theirs = AutoTokenizer.from_pretrained(FOLDERS[kind](tmp_path / kind))
    texts = [*TEXTS, "hello 世界 １２３", "这家店" * 40]
    ours = pipeline_of(tmp_path / kind)
    expected = [theirs(text, truncation=True, max_length=24).input_ids for text in texts]
    if kind in ("bert", "roberta"):
        assert ours.encode(texts) == expected
    else:  # nothing around them, and transformers cuts as long as the model reads
        assert ours.encode(texts) == [theirs(text).input_ids[:24] for text in texts]
    ours.save(tmp_path / "text")
    again = TextPipeline.load(tmp_path / "text")
    assert again.encode(texts) == ours.encode(texts)
    assert again.encode_together(texts).ids.tolist() == [number for row in ours.encode(texts) for number in row]


def test_a_special_token_that_a_text_spells_out_is_text(tmp_path: Path):
    ids = pipeline_of(bert_folder(tmp_path)).encode(["[SEP]好"])[0]
    assert ids[0] == 2
    assert ids.count(3) == 1


def test_a_length_without_room_for_a_text_is_a_sentence(tmp_path: Path):
    with pytest.raises(WenluError, match="2 special tokens stand around each text"):
        pipeline_of(bert_folder(tmp_path), longest=2).encode(["好"])


def test_a_gguf_file_gives_the_ids_and_logits_that_the_library_gives_of_it(tmp_path: Path):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    path = gguf_file(tmp_path / "small.gguf")
    called = {"pretrained_model_name_or_path": str(tmp_path), "gguf_file": "small.gguf"}
    pipeline = pipeline_of(path, longest=60)
    theirs = AutoTokenizer.from_pretrained(**called)
    assert pipeline.encode(TEXTS) == [theirs(text).input_ids for text in TEXTS]
    config = Pretrained.Config(path=str(path), context=64)
    model = Pretrained(config, vocabulary_size=pipeline.tokenizer.size).eval()
    ids = torch.tensor(pipeline.encode([TEXTS[0]]))
    logits = AutoModelForCausalLM.from_pretrained(**called).eval()(ids).logits
    torch.testing.assert_close(model(ids), logits, rtol=0, atol=1e-5)
    assert set(config.files()) == {"small.gguf"}
    again = Pretrained(config.sealed(), vocabulary_size=pipeline.tokenizer.size).eval()
    again.load_state_dict(model.state_dict())
    assert torch.equal(again(ids), model(ids))


@every_folder
def test_states_are_those_of_the_library(kind: str, tmp_path: Path):
    from transformers import AutoModel

    folder = FOLDERS[kind](tmp_path / kind)
    pipeline = pipeline_of(folder)
    model = Pretrained(Pretrained.Config(path=str(folder)), vocabulary_size=pipeline.tokenizer.size, labels=2).eval()
    theirs = AutoModel.from_pretrained(folder).eval()
    read: list[torch.Tensor] = []
    model.output.register_forward_pre_hook(lambda _, inputs: read.append(inputs[0]))
    rows = pipeline.encode(TEXTS[:3])
    model(*batch(*rows))
    for pooled, row in zip(read[0], rows, strict=True):
        states = theirs(torch.tensor([row])).last_hidden_state[0]
        torch.testing.assert_close(pooled, states[0 if kind in ("bert", "roberta") else -1], rtol=0, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_neither_padding_nor_neighbours_change_an_answer(kind: str):
    for pooling in ("auto", "mean_max"):
        model = blank(kind, pooling=pooling)
        tokens, lengths = batch([3, 4, 5], [7, 8, 9, 10, 11, 12], [2])
        rubbish = torch.where(torch.arange(6) < lengths.unsqueeze(1), tokens, 9)
        among = model(tokens, lengths)
        torch.testing.assert_close(model(*batch([3, 4, 5])), among[:1], rtol=0, atol=2e-6)
        torch.testing.assert_close(model(rubbish, lengths), among, rtol=0, atol=1e-6)


@pytest.mark.slow  # an export each
@pytest.mark.parametrize("kind", KINDS)
def test_every_architecture_is_exported_with_the_same_scores(kind: str, tmp_path: Path):
    model = blank(kind)
    save_file(model.state_dict(), tmp_path / "weights.safetensors")
    architecture = {"model_type": kind, **DECODER, **WIDTHS, "pad_token_id": 1, "embedding_size": 32}
    config = Pretrained.Config(architecture=architecture).model_dump(mode="json")
    described = Description(
        name="small", created="2026-01-01T00:00:00+00:00", task="classify", labels=["a", "b", "c"],
        architecture=Architecture(name="pretrained", config=config), vocabulary_size=60, max_length=64, parameters=1,
        pipeline_digest="",
    )  # fmt: skip
    seal(tmp_path, described)
    export_onnx(tmp_path)
    session = onnxruntime.InferenceSession((tmp_path / "model.onnx").read_bytes())
    for rows in ([[3]], [[3, 4, 5, 6, 7, 8, 9]], [[2, 3]] * 17, [[5, 6, 7], [8], [9, 9, 9, 9]]):
        tokens, lengths = batch(*rows)
        theirs = session.run(None, {"tokens": tokens.numpy(), "lengths": lengths.numpy()})[0]
        np.testing.assert_allclose(theirs, model(tokens, lengths).detach().numpy(), rtol=0, atol=1e-5)


@pytest.mark.parametrize("kind", ["qwen2", "qwen3", "llama", "mistral", "gpt2"])
def test_documents_in_one_row_are_read_as_if_each_stood_alone(kind: str):
    model = blank(kind, labels=None, context=40)
    tokens = torch.arange(3, 19).unsqueeze(0)
    packed = model(tokens, torch.tensor([[0] * 3 + [1] * 6 + [2] * 7]))
    for part in (slice(0, 3), slice(3, 9), slice(9, 16)):
        torch.testing.assert_close(packed[:, part], model(tokens[:, part]), rtol=0, atol=1e-5)


def refusal(make: Callable[[], object]) -> WenluError:
    with pytest.raises(WenluError) as caught:
        make()
    return caught.value


def opening(folder: Path, *, labels: int | None = 2) -> WenluError:
    config = Pretrained.Config(path=str(folder))
    return refusal(lambda: Pretrained(config, vocabulary_size=40, labels=labels))


def test_a_decoder_whose_output_is_more_than_a_product_is_refused(tmp_path: Path):
    folder = decoder_folder(tmp_path, kind="gemma2")
    changed_config(folder, final_logit_softcapping=0.05)  # logits by chance are small, and so is this
    error = opening(folder, labels=None)
    assert (error.code, "does more with its states" in error.message) == ("unfit_architecture", True)


def test_code_of_its_own_pickles_adapters_and_quantised_weights_are_refused_unread(tmp_path: Path):
    folder = bert_folder(tmp_path / "bert")
    changed_config(folder, auto_map={"AutoModel": "modeling.Mine"})
    (folder / "modeling.py").write_text("raise SystemExit('run')", encoding="utf-8")
    assert opening(folder).code == "remote_code"
    folder = bert_folder(tmp_path / "quantised")
    changed_config(folder, quantization_config={"quant_method": "gptq", "bits": 4})
    assert opening(folder).code == "quantised"
    folder = bert_folder(tmp_path / "pickled")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    error = opening(folder)
    assert (error.code, "save_pretrained" in error.hint) == ("pickled_weights", True)
    folder = bert_folder(tmp_path / "adapted")
    (folder / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": "somebody/else"}))
    assert opening(folder).code == "an_adapter"


def test_a_bundle_that_names_code_of_its_own_is_refused():
    architecture = {"model_type": "bert", "auto_map": {"AutoModel": "modeling.Mine"}}
    config = Pretrained.Config(architecture=architecture)
    assert refusal(lambda: Pretrained(config, vocabulary_size=40, labels=2)).code == "remote_code"


def test_folders_that_are_no_model_are_sentences(tmp_path: Path):
    assert opening(tmp_path / "nowhere").code == "no_model_folder"
    assert opening(tmp_path / "nowhere.gguf").code == "no_model_folder"
    (tmp_path / "damaged.gguf").write_bytes(b"GGUF" + b"\xff" * 64)
    assert opening(tmp_path / "damaged.gguf").code == "not_a_model"
    (tmp_path / "empty").mkdir()
    assert "holds no config.json" in opening(tmp_path / "empty").message
    folder = bert_folder(tmp_path / "bert")
    changed_config(folder, model_type="bret")
    error = opening(folder)
    assert error.code == "unknown_architecture"
    assert "Did you mean 'bert'?" in error.message
    (folder / "config.json").write_text("{", encoding="utf-8")
    assert opening(folder).code == "not_a_model"


def test_weights_that_are_missing_cut_off_or_of_other_sizes_are_sentences(tmp_path: Path):
    folder = bert_folder(tmp_path / "bert")
    tensors = load_file(folder / "model.safetensors")
    save_file(
        {name: tensor for name, tensor in tensors.items() if "layer.1.output" not in name},
        folder / "model.safetensors",
        metadata={"format": "pt"},
    )
    error = opening(folder)
    assert error.code == "weights_missing"
    assert "encoder.layer.1.output.LayerNorm.bias" in error.message
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    changed_config(folder, intermediate_size=128)
    assert opening(folder).code == "bad_weights"
    content = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(content[: len(content) // 2])
    assert opening(folder).code == "bad_weights"
    (folder / "model.safetensors").unlink()
    assert "holds no weights" in opening(folder).message


def test_weights_in_several_files_are_read_and_a_missing_one_is_named(tmp_path: Path):
    from transformers import AutoModelForMaskedLM

    whole = bert_folder(tmp_path / "whole")
    parts = tmp_path / "parts"
    AutoModelForMaskedLM.from_pretrained(whole).save_pretrained(parts, max_shard_size="60KB")
    shards = sorted(path.name for path in parts.glob("*.safetensors"))
    assert len(shards) > 1
    assert set(Pretrained.Config(path=str(parts)).files()) == {"config.json", "model.safetensors.index.json", *shards}
    one, other = (
        Pretrained(Pretrained.Config(path=str(path)), vocabulary_size=160, labels=2) for path in (whole, parts)
    )
    ours, theirs = one.state_dict(), other.state_dict()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours if not name.startswith("output"))
    (parts / shards[0]).unlink()
    assert shards[0] in opening(parts).message


def test_an_encoder_that_is_asked_to_write_and_sequence_to_sequence_are_refused(tmp_path: Path):
    assert opening(bert_folder(tmp_path / "bert"), labels=None).code == "no_writer"
    config = Pretrained.Config(architecture={"model_type": "bart"})
    assert refusal(lambda: Pretrained(config, vocabulary_size=40, labels=2)).code == "unfit_architecture"
    config = Pretrained.Config(architecture={"model_type": "vit"})
    assert refusal(lambda: Pretrained(config, vocabulary_size=40, labels=2)).code == "unfit_architecture"


def test_a_roberta_knows_two_places_fewer_than_it_has_vectors_for(tmp_path: Path):
    config = Pretrained.Config(path=str(roberta_folder(tmp_path)))
    config.look("classify", longest=70)
    assert "order of 70 ids" in refusal(lambda: config.look("classify", longest=71)).message


def test_path_and_architecture_at_once_are_a_mistake(tmp_path: Path):
    config = Pretrained.Config(path=str(bert_folder(tmp_path)), architecture={"model_type": "bert"})
    assert refusal(lambda: config.look("classify", longest=8)).code == "bad_settings"


def test_the_row_stands_in_the_table():
    assert MODELS["pretrained"] is Pretrained
