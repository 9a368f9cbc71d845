from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from tests.bundles import TEXTS
from tests.pretrained import bert_folder, decoder_folder

from wenlu.base.errors import WenluError
from wenlu.base.spec import check
from wenlu.text.longer import ExtendConfig, longer, merges
from wenlu.text.pipeline import PipelineConfig, TextPipeline

ZH = ("人工智能", "大语言模型", "向量数据库", "微调", "推理")
JA = ("機械学習", "言語モデル", "推論", "ファインチューニング", "データ")


def new_texts(number: int = 200) -> list[str]:
    """Texts of a field that the tokenizers below have not seen, in two languages."""
    chance = random.Random(1)
    made = []
    for place in range(number):
        words = chance.choices(ZH if place % 2 else JA, k=3)
        made.append(f"{words[0]}，{words[1]}{words[2]} Transformer {place}。")
    return made


def pipeline(kind: str, folder: Path) -> TextPipeline:
    tokenizers = {
        "bpe": lambda: {"name": "bpe", "max_size": 330},
        "decoder": lambda: {"name": "huggingface", "path": str(decoder_folder(folder, [*TEXTS, *ZH, *JA]))},
        "bert": lambda: {"name": "huggingface", "around": True, "path": str(bert_folder(folder, [*TEXTS, *ZH, *JA]))},
    }
    config = check(PipelineConfig, {"normalize": [], "tokenizer": tokenizers[kind]()}, where="test")
    return TextPipeline.train(list(TEXTS) * 3, config, clean=[])


every = pytest.mark.parametrize("kind", ["bpe", "decoder", "bert"])


@every
def test_every_new_id_stands_for_the_ids_that_were_there_before(kind: str, tmp_path: Path):
    before = pipeline(kind, tmp_path)
    now = longer(before, new_texts(), ExtendConfig(pieces=40, min_count=5))
    grown = now.tokenizer.grown
    size = before.tokenizer.size
    assert (grown.size, now.tokenizer.size) == (size, size + len(grown.parts))
    assert all(len(part) > 1 and max(part) < size for part in grown.parts)
    texts = [*new_texts(), *TEXTS, "Transformers トランス 人工", "", "  ", "[CLS]<|endoftext|>", "👨‍👩‍👧很好"]
    if kind == "bert":  # which knows a word of kana or not at all: one piece of it may make the rest known
        texts = [text for text in texts if not re.search("[ァ-ヶ]", text)]
    shorter = 0
    for old, new in zip(before.encode(texts), now.encode(texts), strict=True):
        assert [one for number in new for one in (grown.parts[number - size] if number >= size else [number])] == old
        shorter += len(new) < len(old)
    assert shorter >= 100


@every
def test_texts_without_a_new_piece_keep_their_ids(kind: str, tmp_path: Path):
    before = pipeline(kind, tmp_path)
    now = longer(before, new_texts(), ExtendConfig(pieces=40, min_count=5))
    rows = zip(before.encode([*TEXTS, *new_texts()]), now.encode([*TEXTS, *new_texts()]), strict=True)
    without = [(old, new) for old, new in rows if max(new) < before.tokenizer.size]
    assert len(without) >= len(TEXTS) // 2
    assert all(old == new for old, new in without)
    assert before.tokenizer.ids.items() <= now.tokenizer.ids.items()
    for name in ("pad_id", "unk_id", "end_id"):
        assert getattr(before.tokenizer, name) == getattr(now.tokenizer, name)


@every
def test_saved_and_loaded_it_is_the_same_and_texts_come_back(kind: str, tmp_path: Path):
    now = longer(pipeline(kind, tmp_path), new_texts(), ExtendConfig(pieces=40, min_count=5))
    now.save(tmp_path / "text")
    again = TextPipeline.load(tmp_path / "text")
    assert again.encode(new_texts()) == now.encode(new_texts())
    assert again.tokenizer.grown == now.tokenizer.grown
    if kind != "bert":  # which puts spaces between what it decodes
        assert [again.decode(row) for row in again.encode(new_texts())] == new_texts()


@every
def test_it_can_be_lengthened_again(kind: str, tmp_path: Path):
    before = pipeline(kind, tmp_path)
    once = longer(before, new_texts(), ExtendConfig(pieces=10, min_count=5))
    twice = longer(once, new_texts(), ExtendConfig(pieces=10, min_count=5))
    assert twice.tokenizer.size == before.tokenizer.size + 20
    assert (twice.tokenizer.grown.size, len(twice.tokenizer.grown.parts)) == (before.tokenizer.size, 20)
    assert once.tokenizer.ids.items() <= twice.tokenizer.ids.items()


def test_the_same_texts_in_any_order_give_the_same_pieces(tmp_path: Path):
    before = pipeline("bpe", tmp_path)
    one, other = (longer(before, texts, ExtendConfig(pieces=30)) for texts in (new_texts(), new_texts()[::-1]))
    assert one.tokenizer.to_files() == other.tokenizer.to_files()


def test_the_most_frequent_pair_is_merged_first_and_then_what_came_of_it():
    found = merges({("a", "b", "c"): 5, ("a", "b"): 3, ("x", "y"): 4}, most=9, least=2, known=())
    assert [(one.first, one.second, one.times) for one in found] == [("a", "b", 8), ("ab", "c", 5), ("x", "y", 4)]
    assert [one.first for one in merges({("a", "b"): 5, ("x", "y"): 4}, most=9, least=2, known={"ab"})] == ["x"]


def test_what_can_not_be_lengthened_is_a_sentence():
    for named, said in (("char", "can't be lengthened"), ({"name": "unigram", "max_size": 330}, r"\(Unigram\)")):
        config = check(PipelineConfig, {"normalize": [], "tokenizer": named}, where="test")
        with pytest.raises(WenluError, match=said):
            longer(TextPipeline.train(TEXTS, config, clean=[]), new_texts(), ExtendConfig())


def test_texts_without_anything_frequent_and_new_are_a_sentence(tmp_path: Path):
    with pytest.raises(WenluError, match="No piece stands 10 times"):
        longer(pipeline("bpe", tmp_path), ["一二三", "四五六"], ExtendConfig())
