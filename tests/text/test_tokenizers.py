from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.contracts.tokenizers import CORPUS, FILES, trained

from wenlu.base.errors import WenluError
from wenlu.text.census import Census
from wenlu.text.cuts import Piece
from wenlu.text.cutting import numbered
from wenlu.text.tokenizers import TOKENIZERS
from wenlu.text.vocabulary import PAD, PAD_ID, UNK, UNK_ID, Vocabulary

every = pytest.mark.parametrize("name", list(TOKENIZERS))
TEXTS = st.text(st.sampled_from("北京大学東京あいうカタｶﾞ123 abcＡ，。！👍👨‍👩𠮷葛󠄀"), max_size=40)


@every
def test_what_it_has_seen_comes_back_as_it_was(name: str):
    tokenizer, _ = trained(name)
    for text in CORPUS:
        assert tokenizer.decode(tokenizer.encode(text)) == text


@every
@given(text=TEXTS)
@settings(max_examples=40, deadline=None)
def test_any_text_it_was_trained_on_comes_back(name: str, text: str):
    tokenizer, _ = trained(name, [text])
    assert tokenizer.decode(tokenizer.encode(text)) == text


@every
@given(text=st.text(max_size=60))
@settings(max_examples=40, deadline=None)
def test_any_text_at_all_has_ids_below_size_and_never_padding(name: str, text: str):
    tokenizer, _ = trained(name)
    assert all(0 <= number < tokenizer.size and number != tokenizer.pad_id for number in tokenizer.encode(text))


@every
def test_many_texts_at_once_are_each_as_alone(name: str):
    tokenizer, _ = trained(name)
    texts = ["", *CORPUS, " 行首　行末 ", "<PAD><BOS>"] * 40
    assert tokenizer.encode_batch(texts) == [tokenizer.encode(text) for text in texts]
    together = tokenizer.encode_together(texts)
    assert together.lengths.tolist() == [len(tokenizer.encode(text)) for text in texts]
    assert together.ids.tolist() == [number for text in texts for number in tokenizer.encode(text)]


@every
def test_padding_and_unknown_are_ids_it_has(name: str):
    tokenizer, _ = trained(name)
    assert tokenizer.pad_id is None or 0 <= tokenizer.pad_id < tokenizer.size
    assert 0 <= tokenizer.unk_id < tokenizer.size
    if name not in FILES:
        assert (tokenizer.pad_id, tokenizer.unk_id) == (PAD_ID, UNK_ID)


@every
def test_saved_and_loaded_it_gives_the_same_ids(name: str):
    tokenizer, config = trained(name)
    again = TOKENIZERS[name].from_files(tokenizer.to_files(), config)
    assert [again.encode(text) for text in CORPUS] == [tokenizer.encode(text) for text in CORPUS]
    assert (again.size, again.version) == (tokenizer.size, tokenizer.version)
    assert again.to_files() == tokenizer.to_files()


@every
def test_training_twice_gives_the_same_files(name: str):
    assert trained(name)[0].to_files() == trained(name)[0].to_files()


@every
def test_a_missing_file_is_a_sentence(name: str):
    _, config = trained(name)
    with pytest.raises(WenluError, match="missing"):
        TOKENIZERS[name].from_files({}, config)


def test_a_vocabulary_is_by_frequency_with_padding_and_unknown_first():
    counts = [("坏", 2), ("好", 3), ("中", 1), ("上", 2), (PAD, 9), (UNK, 9)]
    assert Vocabulary.by_frequency(counts, min_count=2, max_size=10).pieces == (PAD, UNK, "好", "上", "坏")
    assert Vocabulary.by_frequency(counts, min_count=1, max_size=3).pieces == (PAD, UNK, "好")


def test_an_unknown_piece_has_the_unknown_id():
    vocabulary = Vocabulary([PAD, UNK, "好"])
    assert vocabulary.encode(["好", "没见过"]) == [2, UNK_ID]


def test_counting_forgets_rare_pieces_rather_than_grow(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("wenlu.text.census._MOST_COUNTED", 100)
    census = Census()
    for number in range(1_000):
        census.add(numbered([["常", f"稀{number}"]]))
        assert len(list(census.counts())) <= 101
    assert dict(census.counts())["常"] == 1_000


@pytest.mark.parametrize("content", [b"", b"[", b"{}", b'["a"]', b'["<PAD>", "<UNK>", "x", "x"]', b"\xff"])
def test_a_broken_vocabulary_is_refused(content: bytes):
    with pytest.raises(WenluError) as caught:
        Vocabulary.from_bytes(content)
    assert caught.value.code == "bad_vocabulary"


@every
def test_the_pieces_of_a_cut_are_the_ids_in_their_places(name: str):
    tokenizer, _ = trained(name)
    for text in CORPUS:
        pieces = tokenizer.cut(text)
        assert [piece.id for piece in pieces] == tokenizer.encode(text)
        assert all(0 <= piece.start <= piece.end <= len(text) for piece in pieces)
        for reading in readings(pieces):
            assert [piece.start for piece in reading] == sorted(piece.start for piece in reading)
            assert {place for piece in reading for place in range(piece.start, piece.end)} == set(range(len(text)))


def readings(pieces: list[Piece]) -> list[list[Piece]]:
    """The pieces before, between and behind those without characters."""
    found: list[list[Piece]] = [[]]
    for piece in pieces:
        if piece.start == piece.end:
            found.append([])
        else:
            found[-1].append(piece)
    return found
