from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.contracts.tokenizers import trained

from wenlu.base.errors import WenluError
from wenlu.text.stream import StreamDecoder
from wenlu.text.subwords import BOS_ID, EOS_ID, SubwordTokenizer
from wenlu.text.tokenizers.huggingface import HuggingFaceTokenizer

BYTES = [bytes([byte]) for byte in range(256)]
CJK = (
    *range(0x2E80, 0xA000),
    *range(0xAC00, 0xD7A4),
    *range(0xF900, 0xFB00),
    *range(0xFE00, 0x10000),
    *range(0x1B000, 0x1B170),  # kana supplements
    *range(0x1F000, 0x1FB00),  # emoji
    *range(0x20000, 0x323B0),  # extensions B to H
    *range(0xE0100, 0xE01F0),  # variation selectors
)
LIVELY = "漢字かなカナｶﾞ葛󠄀𠮷👨‍👩‍👧‍👦👍🏽🇯🇵é1 \n\ufffd"


@cache
def bpe() -> SubwordTokenizer:
    tokenizer, _ = trained("bpe")
    assert isinstance(tokenizer, SubwordTokenizer)
    return tokenizer


def test_every_character_comes_with_its_last_byte_and_not_before():
    stream = StreamDecoder(BYTES)
    for point in CJK:
        *first, last = chr(point).encode()
        assert [stream.push(byte) for byte in first] == [""] * len(first)
        assert stream.push(last) == chr(point)
    assert stream.flush() == 0


@given(text=st.text(st.sampled_from(LIVELY)), cuts=st.lists(st.integers(1, 9)))
@settings(max_examples=300, deadline=None)
def test_bytes_cut_anywhere_give_the_same_text(text: str, cuts: list[int]):
    content = text.encode()
    pieces, start = [], 0
    for cut in [*cuts, len(content)]:
        pieces.append(content[start : start + cut])
        start += cut
    stream = StreamDecoder(pieces)
    assert "".join(map(stream.push, range(len(pieces)))) == text
    assert (stream.held, stream.flush()) == (0, 0)


@pytest.mark.parametrize("name", ["bpe", "unigram", "imported"])
@given(text=st.text(st.characters(exclude_categories=["Cs"])))
@settings(max_examples=100, deadline=None)
def test_a_tokenizers_ids_one_by_one_give_its_text(name: str, text: str):
    tokenizer = {"bpe": bpe, "unigram": _unigram, "imported": _imported}[name]()
    stream = StreamDecoder(tokenizer.piece_bytes)
    assert "".join(map(stream.push, tokenizer.encode(text))) == text
    assert stream.flush() == 0


@cache
def _unigram() -> SubwordTokenizer:
    tokenizer, _ = trained("unigram")
    assert isinstance(tokenizer, SubwordTokenizer)
    return tokenizer


@cache
def _imported() -> HuggingFaceTokenizer:
    """The file of the byte pairs, as another program would read it."""
    return HuggingFaceTokenizer(bpe().to_huggingface())


@given(content=st.binary(max_size=40))
@settings(max_examples=500, deadline=None)
def test_bytes_that_are_no_text_are_dropped_and_counted(content: bytes):
    stream = StreamDecoder(BYTES)
    text = ""
    for byte in content:
        text += stream.push(byte)
        assert stream.held <= 3
    assert text == content.decode("utf-8", "ignore")
    assert stream.flush() == len(content) - len(text.encode())


def test_an_unfinished_character_is_dropped_at_the_end_and_the_decoder_starts_anew():
    stream = StreamDecoder(BYTES)
    first, second, _ = "好".encode()
    assert [stream.push(first), stream.push(second)] == ["", ""]
    assert (stream.held, stream.dropped) == (2, 0)
    assert stream.flush() == 2
    assert "".join(map(stream.push, "猫".encode())) == "猫"
    assert stream.flush() == 0


def test_special_ids_say_nothing():
    stream = StreamDecoder(bpe().piece_bytes)
    ids = [BOS_ID, *bpe().encode("商品です"), EOS_ID]
    assert "".join(map(stream.push, ids)) == "商品です"


@pytest.mark.parametrize("number", [-1, 256])
def test_an_id_it_does_not_have_is_a_sentence(number: int):
    with pytest.raises(WenluError, match="ids below 256"):
        StreamDecoder(BYTES).push(number)
