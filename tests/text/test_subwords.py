from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.contracts.tokenizers import CORPUS, trained

from wenlu.base.errors import WenluError
from wenlu.base.spec import check
from wenlu.text.quick import PROBES, Renewed, quick_bpe, quick_unigram
from wenlu.text.sample import Sample
from wenlu.text.subwords import SPECIAL, SubwordTokenizer, reference
from wenlu.text.tokenizers import TOKENIZERS

ROWS = ("bpe", "unigram")
every = pytest.mark.parametrize("name", ROWS)
TEXTS = (
    "质量很好，物流很快，质量很好！",
    "質量很好，物流很快",
    "とても良い商品です。とても良いデザイン、デザインです。",
    "iPhone 12 的屏幕很好，iPhone 11 的屏幕也很好。",
) * 5
GARBAGE = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@cache
def learned(name: str) -> SubwordTokenizer:
    tokenizer, _ = trained(name, TEXTS)
    assert isinstance(tokenizer, SubwordTokenizer)
    return tokenizer


def pieces(tokenizer: SubwordTokenizer, text: str) -> list[bytes]:
    return [tokenizer.piece_bytes[number] for number in tokenizer.encode(text)]


@every
@given(text=GARBAGE)
@settings(max_examples=300, deadline=None)
def test_every_text_there_is_comes_back_from_a_tokenizer_that_never_saw_it(name: str, text: str):
    tokenizer = learned(name)
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids) == text
    assert all(number >= len(SPECIAL) for number in ids)


@every
def test_every_code_point_comes_back(name: str):
    tokenizer = learned(name)
    points = [chr(point) for point in range(0x110000) if not 0xD800 <= point < 0xE000]
    texts = ["".join(points[start : start + 500]) for start in range(0, len(points), 500)]
    assert [tokenizer.decode(ids) for ids in tokenizer.encode_batch(texts)] == texts


@every
@pytest.mark.parametrize("text", ["<PAD>", "<UNK><BOS><EOS>", "<0xE4><0x0A>", "我<BOS>你", "<<PAD>>", "▁", "Ġ"])
def test_a_text_that_spells_a_special_piece_out_stays_text(name: str, text: str):
    tokenizer = trained(name, [text] * 9)[0]
    ids = tokenizer.encode(text)
    assert not set(ids) & set(range(len(SPECIAL)))
    assert tokenizer.decode(ids) == text


@every
def test_half_a_surrogate_pair_is_a_sentence(name: str):
    with pytest.raises(WenluError, match="unpaired surrogate") as caught:
        learned(name).encode_batch(["好", "\ud83d"])
    assert caught.value.code == "bad_text"
    with pytest.raises(WenluError, match="unpaired surrogate"):
        trained(name, ["好\udc00"])


@every
def test_frequent_words_of_both_languages_are_one_piece(name: str):
    assert b"".join(pieces(learned(name), "质量很好")) == "质量很好".encode()
    assert len(pieces(learned(name), "质量很好")) == 1
    assert len(pieces(learned(name), "デザイン")) <= 2


@every
def test_digits_stay_single_and_no_piece_mixes_scripts_or_punctuation(name: str):
    assert pieces(learned(name), "1234") == [b"1", b"2", b"3", b"4"]
    for piece in learned(name).piece_bytes[len(SPECIAL) + 256 :]:
        text = piece.decode("utf-8", "ignore")
        kinds = {_kind(character) for character in text} - {"ー"}
        assert len(kinds) <= 1, text
        assert len(text) == 1 or not kinds & {"digit", "other"}, text


def _kind(character: str) -> str:
    if character == "ー":
        return character
    if character.isdigit():
        return "digit"
    ranges = {"han": "一鿿", "hiragana": "ぁゟ", "katakana": "ァヿ"}
    found = [kind for kind, (first, last) in ranges.items() if first <= character <= last]
    return (found or ["letter" if character.isalpha() else "other"])[0]


@every
def test_the_size_asked_for_is_not_exceeded(name: str):
    config = check(TOKENIZERS[name].Config, {"max_size": 300}, where="test")
    texts = ["".join(map(chr, range(0x4E00, 0x5200))), "质量很好" * 50]
    tokenizer = TOKENIZERS[name].train(iter(texts), config)
    assert tokenizer.size <= 300
    assert tokenizer.decode(tokenizer.encode(texts[0])) == texts[0]


@every
@pytest.mark.parametrize("texts", [[], [""], [" \n"], ["１"], ["👍"], ["a\tb"], ["\x00"]])
def test_hardly_anything_to_learn_from_is_enough(name: str, texts: list[str]):
    tokenizer = trained(name, texts)[0]
    assert [tokenizer.decode(tokenizer.encode(text)) for text in [*texts, *PROBES]] == [*texts, *PROBES]


@every
def test_it_says_when_it_learned_from_a_sample(name: str):
    config = check(TOKENIZERS[name].Config, {"sample_characters": 10_000}, where="test")
    texts = [f"{number}号商品，质量很好" for number in range(2_000)]
    tokenizer = TOKENIZERS[name].train(iter(texts), config)
    assert "sample" in tokenizer.learned
    assert f"{sum(map(len, texts)):,}" in tokenizer.learned
    again = TOKENIZERS[name].train(reversed(texts), config)
    assert again.to_files() == tokenizer.to_files()


@every
@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b'{"model": {"type": "BPE"}}', b"\xff", b"null"])
def test_a_broken_file_is_refused(name: str, content: bytes):
    tokenizer, config = trained(name)
    for file in tokenizer.to_files():
        with pytest.raises(WenluError) as caught:
            TOKENIZERS[name].from_files({**tokenizer.to_files(), file: content}, config)
        assert caught.value.code == "bad_vocabulary"


@every
def test_decoding_is_that_of_the_file(name: str):
    from tokenizers import Tokenizer

    library = Tokenizer.from_buffer(learned(name).to_huggingface())
    for text in (*CORPUS, *PROBES):
        assert library.decode(learned(name).encode(text), skip_special_tokens=False) == text


@pytest.mark.parametrize(("name", "package"), [("bpe", "gigatoken"), ("unigram", "splintr")])
@given(
    texts=st.lists(GARBAGE | st.text(st.sampled_from("质量很好とてもデザイン iPhone12，。 \n　▁<>ー'"), max_size=60))
)
@settings(max_examples=200, deadline=None)
def test_the_quick_encoder_gives_the_ids_of_the_library(name: str, package: str, texts: list[str]):
    pytest.importorskip(package)
    tokenizer = learned(name)
    library = reference(tokenizer._model)
    make = {"bpe": quick_bpe, "unigram": quick_unigram}[name]
    quick = make(tokenizer.to_huggingface(), library)
    assert quick is not None, f"{package} no longer agrees on the probes"
    assert quick(texts) == library(texts)


def test_a_quick_encoder_that_disagrees_or_fails_is_left_out():
    def wrong(texts: Sequence[str]) -> list[list[int]]:
        return [[1] for _ in texts]

    pytest.importorskip("gigatoken")
    pytest.importorskip("splintr")
    assert quick_bpe(learned("bpe").to_huggingface(), wrong) is None
    assert quick_bpe(json.dumps({"model": {}}).encode(), wrong) is None
    assert quick_unigram(learned("unigram").to_huggingface(), wrong) is None


def test_byte_pairs_are_whole_characters_or_the_beginning_of_one_and_were_seen_often_enough():
    config = check(TOKENIZERS["bpe"].Config, {"min_count": 6}, where="test")
    tokenizer = TOKENIZERS["bpe"].train(iter(TEXTS), config)
    together = "\n".join(TEXTS).encode()
    found = tokenizer.piece_bytes[len(SPECIAL) + 256 :]
    assert "很好".encode() in found
    assert "です".encode() in found
    assert "商品".encode() not in found  # five times only
    for piece in found:
        text = piece.decode("utf-8", "ignore")
        assert text.encode() == piece or not text
        assert together.count(piece) >= 6


def test_byte_pairs_are_made_of_those_before_them():
    model = json.loads(learned("bpe").to_huggingface())["model"]
    numbers = [model["vocab"]["".join(pair)] for pair in model["merges"]]
    assert numbers == sorted(numbers)
    assert set(numbers) == set(range(len(SPECIAL) + 256, len(model["vocab"])))
    assert all(
        model["vocab"][half] < number for number, pair in zip(numbers, model["merges"], strict=True) for half in pair
    )


def test_what_occurs_more_often_is_made_first():
    tokenizer = TOKENIZERS["bpe"].train(
        iter(["好好学习"] * 40 + ["天天"] * 10 + ["向上"] * 2), check(TOKENIZERS["bpe"].Config, {}, where="test")
    )
    found = [piece.decode("utf-8", "replace") for piece in tokenizer.piece_bytes[len(SPECIAL) + 256 :]]
    assert [piece for piece in found if "\ufffd" not in piece] == [
        *("好", "习", "学", "好好", "学习", "好好学习"),  # eighty, then forty times each
        *("天", "天天", "上", "向", "向上"),
    ]


def test_an_encoder_whose_memory_grows_is_made_anew():
    made = []

    def make():
        made.append(1)
        return lambda texts: [[len(text)] for text in texts]

    encode = Renewed(make, after=10)
    assert [encode(["好" * 6]) for _ in range(5)] == [[[6]]] * 5
    assert len(made) == 3


def test_a_sample_is_bounded_and_the_same_in_any_order():
    texts = [f"第{number}条评论" * 3 for number in range(300)] + ["长" * 20_000]
    sample = Sample(texts, characters=2_000)
    assert sum(map(len, sample)) == sample.kept <= 2_000
    assert sample.seen == sum(map(len, texts))
    assert list(Sample(reversed(texts), characters=2_000)) == list(sample)


def test_a_sample_of_little_is_all_of_it():
    assert sorted(Sample(["好", "好", "坏"], characters=1_000)) == ["坏", "好", "好"]
