from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.contracts.tokenizers import CORPUS, FILES

from wenlu.base.errors import WenluError
from wenlu.base.spec import check
from wenlu.text.export import _STEPS, export_huggingface, export_huggingface_without_normalizer
from wenlu.text.normalize import Normalizer
from wenlu.text.pipeline import PipelineConfig, TextPipeline
from wenlu.text.quick import PROBES

TEXTS = [*CORPUS, "质量很好，物流很快。", "とても良いデザインです。", "ＡＢＣ　１２３ ｶﾞｷﾞ\u200b Straße"] * 3
TRAINED = ["bpe", "unigram", "char"]
SAMPLES = [*TEXTS, *(probe for probe in PROBES if probe), "＜ＢＯＳ＞你好<EOS>", "㍿𠮷野家\n\n😀", "か\u200b\u3099"]


def pipeline(name: str, *, clean: tuple[str, ...] = (), normalize: tuple[str, ...] = ()) -> TextPipeline:
    tokenizer = {"name": name, "max_size": 600}
    config = check(PipelineConfig, {"tokenizer": tokenizer, "normalize": list(normalize)}, where="test")
    return TextPipeline.train(TEXTS, config, clean=clean)


@pytest.mark.parametrize("name", TRAINED)
def test_transformers_reads_the_bare_file_and_gives_the_same_ids(name: str, tmp_path: Path):
    transformers = pytest.importorskip("transformers")
    ours = pipeline(name)
    export_huggingface(ours, tmp_path)
    theirs = transformers.PreTrainedTokenizerFast(tokenizer_file=str(tmp_path / "tokenizer.json"))
    assert theirs(SAMPLES)["input_ids"] == ours.encode(SAMPLES)


@pytest.mark.parametrize("name", TRAINED)
def test_transformers_reads_the_folder_with_special_tokens_and_normaliser(name: str, tmp_path: Path):
    transformers = pytest.importorskip("transformers")
    ours = pipeline(name, clean=("nfkc", "spaces"), normalize=("lower",))
    export_huggingface(ours, tmp_path)
    theirs = transformers.AutoTokenizer.from_pretrained(tmp_path)
    texts = [text for text in SAMPLES if ours.normalized(text)]
    assert theirs(texts)["input_ids"] == ours.encode(texts)
    assert (theirs.pad_token_id, theirs.unk_token_id) == (0, 1)
    if name != "char":
        assert (theirs.bos_token_id, theirs.eos_token_id) == (2, 3)
        assert theirs.decode([2, *ours.encode(["とても良い"])[0], 3], skip_special_tokens=True) == "とても良い"


@pytest.mark.parametrize("name", ["bpe", "unigram"])
def test_the_file_in_the_pipeline_is_the_export(name: str, tmp_path: Path):
    ours = pipeline(name)
    ours.save(tmp_path / "text")
    export_huggingface(ours, tmp_path / "out")
    inside, outside = (json.loads((tmp_path / place / "tokenizer.json").read_bytes()) for place in ("text", "out"))
    assert inside == outside


@given(text=st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs", "Cn"]), max_size=20))
@settings(max_examples=300, deadline=None)
def test_each_step_of_the_export_is_our_step(text: str):
    from tokenizers import Tokenizer, models

    library = Tokenizer(models.BPE())
    for step, parts in _STEPS.items():
        data = json.loads(library.to_str())
        data["normalizer"] = {"type": "Sequence", "normalizers": parts * 2}
        theirs = Tokenizer.from_str(json.dumps(data)).normalizer.normalize_str(text)
        if "Σ" not in text:  # see _STEPS
            assert theirs == Normalizer([step])(text), step


def test_words_and_unknown_steps_are_refused_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    words = check(PipelineConfig, {"tokenizer": {"name": "word", "min_count": 1}}, where="test")
    with pytest.raises(WenluError, match=r"rjieba.*can't be cut"):
        export_huggingface(TextPipeline.train(TEXTS, words, clean=[]), tmp_path)
    monkeypatch.delitem(_STEPS, "lower")
    ours = pipeline("bpe", normalize=("lower",))
    with pytest.raises(WenluError, match="'lower' has no equal") as caught:
        export_huggingface(ours, tmp_path)
    assert caught.value.code == "no_export"
    assert not list(tmp_path.iterdir())
    export_huggingface_without_normalizer(ours, tmp_path)
    assert json.loads((tmp_path / "tokenizer.json").read_bytes())["normalizer"] is None


def test_an_export_that_would_give_other_ids_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(_STEPS, "lower", [{"type": "NFC"}])
    with pytest.raises(WenluError, match="other ids"):
        export_huggingface(pipeline("bpe", normalize=("lower",)), tmp_path)


def test_an_imported_file_goes_out_as_it_came_and_sentencepiece_stays(tmp_path: Path):
    for name, make in FILES.items():
        (tmp_path / name).write_bytes(make(TEXTS))
    config = {"tokenizer": {"name": "huggingface", "path": str(tmp_path / "huggingface")}, "normalize": []}
    ours = TextPipeline.train([], check(PipelineConfig, config, where="test"), clean=[])
    export_huggingface(ours, tmp_path / "out")
    theirs = json.loads((tmp_path / "out" / "tokenizer.json").read_bytes())
    assert theirs == json.loads((tmp_path / "huggingface").read_bytes())
    config = {"tokenizer": {"name": "sentencepiece", "path": str(tmp_path / "sentencepiece")}, "normalize": []}
    with pytest.raises(WenluError, match=r"Take the file sentencepiece\.model itself"):
        export_huggingface(TextPipeline.train([], check(PipelineConfig, config, where="test"), clean=[]), tmp_path)
