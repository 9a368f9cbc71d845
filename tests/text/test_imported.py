from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.contracts.tokenizers import CORPUS, FILES, huggingface_file, sentencepiece_file, trained

from wenlu.base.errors import WenluError
from wenlu.base.spec import check
from wenlu.text.pipeline import PipelineConfig, TextPipeline
from wenlu.text.tokenizers import TOKENIZERS

every = pytest.mark.parametrize("name", list(FILES))
IN_FILES = {"huggingface": "tokenizer.json", "sentencepiece": "sentencepiece.model"}


def make(name: str, path: str):
    kind = TOKENIZERS[name]
    return kind.train(iter(()), check(kind.Config, {"path": path}, where="test"))


@every
def test_a_bundle_needs_the_file_no_more(name: str, tmp_path: Path):
    path = tmp_path / "file"
    path.write_bytes(FILES[name](CORPUS))
    settings_ = check(PipelineConfig, {"tokenizer": {"name": name, "path": str(path)}}, where="test")
    ours = TextPipeline.train([], settings_, clean=[])
    ours.save(tmp_path / "text")
    path.unlink()
    again = TextPipeline.load(tmp_path / "text")
    assert again.encode(CORPUS) == ours.encode(CORPUS)
    assert again.encode([""]) == [[ours.tokenizer.unk_id]]
    assert again.digest() == ours.digest()


def test_ids_are_those_of_the_library(tmp_path: Path):
    from tokenizers import Tokenizer

    (tmp_path / "tokenizer.json").write_bytes(huggingface_file(CORPUS))
    library = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    ours = make("huggingface", str(tmp_path / "tokenizer.json"))
    assert ours.encode_batch(CORPUS) == [library.encode(text).ids for text in CORPUS]
    assert ours.pad_id == library.token_to_id("<|endoftext|>")
    assert ours.pad_id not in ours.encode("<|endoftext|>")
    assert ours.decode(ours.encode("<|endoftext|>好")) == "<|endoftext|>好"


def test_ids_are_those_of_sentencepiece(tmp_path: Path):
    import sentencepiece

    (tmp_path / "m.model").write_bytes(sentencepiece_file(CORPUS))
    library = sentencepiece.SentencePieceProcessor(model_file=str(tmp_path / "m.model"))
    ours = make("sentencepiece", str(tmp_path / "m.model"))
    assert ours.encode_batch(CORPUS) == library.encode(list(CORPUS))
    assert (ours.unk_id, ours.pad_id) == (0, None)


@every
def test_a_missing_path_or_file_is_a_sentence(name: str, tmp_path: Path):
    with pytest.raises(WenluError, match="Set 'path'"):
        make(name, "")
    with pytest.raises(WenluError, match=r"nowhere can't be read"):
        make(name, str(tmp_path / "nowhere"))


@every
def test_a_file_over_the_bound_is_refused_unread(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("wenlu.text.imported._LARGEST", 100)
    (tmp_path / "file").write_bytes(FILES[name](CORPUS))
    with pytest.raises(WenluError, match="is over"):
        make(name, str(tmp_path / "file"))


@every
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_a_damaged_file_is_refused_or_read_but_never_more(name: str, data: st.DataObject):
    tokenizer, config = trained(name)
    content = bytearray(tokenizer.to_files()[IN_FILES[name]])
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    del content[data.draw(st.integers(0, len(content))) :]
    with suppress(WenluError):
        TOKENIZERS[name].from_files({IN_FILES[name]: bytes(content)}, config).encode("质量很好")


@pytest.mark.parametrize(
    "change", [{"added_tokens": [{"id": 4_000_000_000, "content": "x"}]}, {"model": {"type": "BPE"}}, {"version": 9}]
)
def test_a_file_that_makes_no_sense_is_refused(change: dict[str, object]):
    tokenizer, config = trained("huggingface")
    content = json.dumps({**json.loads(tokenizer.to_files()["tokenizer.json"]), **change}).encode()
    with pytest.raises(WenluError):
        TOKENIZERS["huggingface"].from_files({"tokenizer.json": content}, config)


def test_an_id_far_above_the_number_of_pieces_is_refused():
    tokenizer, config = trained("huggingface")
    data = json.loads(tokenizer.to_files()["tokenizer.json"])
    data["model"]["vocab"]["a"] = 4_000_000_000
    with pytest.raises(WenluError, match="ids up to"):
        TOKENIZERS["huggingface"].from_files({"tokenizer.json": json.dumps(data).encode()}, config)


def test_special_tokens_of_a_post_processor_are_left_out():
    tokenizer, config = trained("huggingface")
    data = json.loads(tokenizer.to_files()["tokenizer.json"])
    data["post_processor"] = {
        "type": "TemplateProcessing",
        "single": [{"SpecialToken": {"id": "<|endoftext|>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
        "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}],
        "special_tokens": {
            "<|endoftext|>": {"id": "<|endoftext|>", "ids": [tokenizer.pad_id], "tokens": ["<|endoftext|>"]}
        },
    }
    again = TOKENIZERS["huggingface"].from_files({"tokenizer.json": json.dumps(data).encode()}, config)
    assert again.encode("好") == tokenizer.encode("好")
