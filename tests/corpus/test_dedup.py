from __future__ import annotations

import random
import tempfile
import tracemalloc
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wenlu.corpus.dedup.exact import Conflict, Copies, Keys, find_copies
from wenlu.corpus.dedup.near import BandFiles, Bands, NearCopies, Pair, _Remembered
from wenlu.corpus.dedup.reasons import CONFLICT, DUPLICATE, KEPT, NEAR, NEAR_OF_HELD_OUT, OF_HELD_OUT, Reasons
from wenlu.corpus.dedup.shingles import shingle_set, shingled, similarity

Row = tuple[int, int, int]
"""What a text says, its label or -1, and where it is held out: 0, 1 for validation, 2 for test."""


def keys(rows: list[Row], *, at_once: int = 3) -> Iterator[Keys]:
    for start in range(0, len(rows), at_once):
        part = rows[start : start + at_once]
        yield Keys(
            np.array([(body * 7919, body) for body, _, _ in part], dtype=np.uint64),
            np.array([label for _, label, _ in part], dtype=np.int32),
            np.array([held_out for _, _, held_out in part], dtype=np.int8),
            np.arange(start, start + len(part)),
        )


def reasons(rows: list[Row]) -> list[int]:
    return copies_of(rows).reasons.tolist()


def copies_of(rows: list[Row]) -> Copies:
    with tempfile.TemporaryDirectory() as folder:
        copies = find_copies(keys(rows), len(rows), Path(folder))
        assert list(Path(folder).iterdir()) == []
    return copies


def test_the_first_copy_stays():
    assert reasons([(1, 0, 0), (2, 0, 0), (1, 0, 0)]) == [KEPT, KEPT, DUPLICATE]


def test_a_text_with_several_labels_goes_and_is_named():
    copies = copies_of([(1, 0, 0), (1, 1, 0), (2, 0, 0), (1, -1, 0)])
    assert copies.reasons.tolist() == [CONFLICT, CONFLICT, KEPT, CONFLICT]
    assert copies.conflicts == [Conflict(0, (0, 1))]


def test_the_copy_held_out_for_test_stays_whatever_comes_first():
    rows = [(1, 0, 0), (1, 0, 1), (1, 0, 2), (1, 0, 2)]
    assert reasons(rows) == [OF_HELD_OUT, OF_HELD_OUT, KEPT, DUPLICATE]


def test_a_labelled_copy_goes_before_one_without():
    assert reasons([(1, -1, 0), (1, 3, 0)]) == [DUPLICATE, KEPT]
    assert reasons([(1, -1, 2), (1, 3, 0)]) == [KEPT, OF_HELD_OUT]


def test_no_texts_have_no_copies():
    assert reasons([]) == []


def expected(rows: list[Row]) -> list[int]:
    """The rule again, for one text after the other."""
    found = [KEPT] * len(rows)
    for body in {row[0] for row in rows}:
        copies = [number for number, row in enumerate(rows) if row[0] == body]
        labels = {rows[number][1] for number in copies} - {-1}
        held_out = max(rows[number][2] for number in copies)
        right = [number for number in copies if rows[number][2] == held_out]
        stays = min(right, key=lambda number: (rows[number][1] < 0, number))
        for number in copies:
            if len(labels) > 1:
                found[number] = CONFLICT
            elif number != stays:
                found[number] = DUPLICATE if number in right else OF_HELD_OUT
    return found


@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(-1, 1), st.integers(0, 2)), max_size=25),
    st.integers(1, 9),
    st.integers(1, 9),
)
@settings(max_examples=200, deadline=None)
def test_handled_in_parts_and_pieces_it_is_the_same_rule(rows: list[Row], part: int, piece: int):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("wenlu.corpus.dedup.exact._PART", part)
        patch.setattr("wenlu.corpus.dedup.scattered._AT_ONCE", piece)
        assert reasons(rows) == expected(rows)


def alike(one: str, other: str, length: int = 3) -> float:
    return similarity(*(shingle_set(text, length=length) for text in (one, other)))


@pytest.mark.parametrize(
    ("one", "other", "share"),
    [
        ("很好吃，非常好！", "很好吃 非常好", 1.0),
        ("ＡＢＣ", "abc", 0.0),
        ("ABCD", "abcd", 1.0),
        ("一二三四", "二三四五", 1 / 3),
        ("好", "好", 1.0),
        ("好", "坏", 0.0),
        ("好", "好好", 0.0),
        ("とても良い", "とても良い！！", 1.0),
    ],
)
def test_similarity_is_the_share_of_common_shingles_of_letters(one: str, other: str, share: float):
    assert alike(one, other) == pytest.approx(share)


@given(st.lists(st.text(st.sampled_from("很好吃とても a1，。😀"), max_size=12), max_size=8), st.integers(1, 5))
@settings(max_examples=100, deadline=None)
def test_a_text_has_the_same_shingles_alone_and_among_others(texts: list[str], length: int):
    together = shingled(texts, length=length)
    assert len(together) == len(texts)
    for number, text in enumerate(texts):
        np.testing.assert_array_equal(together.of(number), shingled([text], length=length).hashes)


@given(st.text(st.sampled_from("一二三四五とてもABab、。 ①½"), max_size=30), st.integers(1, 5))
def test_hashed_or_not_a_text_has_the_same_number_of_shingles(text: str, length: int):
    hashed = shingled([text], length=length).hashes
    assert len(set(hashed.tolist())) == len(shingle_set(text, length=length))


def variants(number: int, chance: random.Random) -> list[str]:
    """Texts of which some are nearly the same: one, and copies with a few characters changed."""
    texts = []
    for _ in range(number):
        text = [chr(0x4E00 + chance.randrange(3000)) for _ in range(chance.randrange(20, 80))]
        for _ in range(chance.randrange(1, 4)):
            changed = text.copy()
            for _ in range(chance.randrange(3)):
                changed[chance.randrange(len(changed))] = "改"
            texts.append("".join(changed))
    chance.shuffle(texts)
    return texts


def near(texts: list[str], folder: Path, *, held_out: list[int] | None = None) -> tuple[Reasons, list[Pair]]:
    bands = Bands.at(0.8)
    with BandFiles(folder, bands) as files:
        for start in range(0, len(texts), 50):
            files.add(bands.hashes(shingled(texts[start : start + 50], length=3)))
    found = np.zeros(len(texts), dtype=np.uint8)
    where = np.array(held_out or [0] * len(texts), dtype=np.int8)
    pairs = list(NearCopies(found, where, lambda number: texts[number], 0.8, 3).find(files))
    files.remove()
    assert list(folder.iterdir()) == []
    return found, pairs


@pytest.mark.parametrize("part", [1_000_000, 37])
def test_near_copies_are_those_that_comparing_each_with_each_finds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: int
):
    monkeypatch.setattr("wenlu.corpus.dedup.near._PART", part)
    texts = variants(120, random.Random(7))
    found, pairs = near(texts, tmp_path)
    kept = np.flatnonzero(found == KEPT).tolist()
    assert not [pair for pair in combinations(kept, 2) if alike(texts[pair[0]], texts[pair[1]]) >= 0.8]
    for pair in pairs:
        assert alike(texts[pair.kept], texts[pair.dropped]) == pytest.approx(pair.similarity)
        assert pair.similarity >= 0.8
        assert pair.kept < pair.dropped
    assert sorted(pair.dropped for pair in pairs) == np.flatnonzero(found == NEAR).tolist()
    assert len(pairs) > 50


def test_texts_of_punctuation_alone_are_no_copies_of_one_another(tmp_path: Path):
    assert near(["！！！", "……", "😀😀"], tmp_path)[0].tolist() == [KEPT] * 3


def test_what_is_held_out_stays_and_what_is_like_it_goes(tmp_path: Path):
    text = "メロスは激怒した。必ず、かの邪智暴虐の王を除かなければならぬと決意した"
    found, _ = near([text, f"{text}!", f"{text}?", f"{text}。"], tmp_path, held_out=[0, 1, 2, 2])
    assert found.tolist() == [NEAR_OF_HELD_OUT, NEAR_OF_HELD_OUT, KEPT, KEPT]


def test_a_million_texts_that_meet_in_one_place_take_a_bounded_number_of_comparisons(tmp_path: Path):
    texts = [f"{'共同的开头' * 2}{number * 7919:08}{number * 104729:08}" for number in range(400)]
    compared = 0

    def body(number: int) -> str:
        nonlocal compared
        compared += 1
        return texts[number]

    files = BandFiles(tmp_path, Bands(1, 1))
    with files:
        files.add(np.ones((len(texts), 1), dtype=np.uint64))
    found = np.zeros(len(texts), dtype=np.uint8)
    list(NearCopies(found, np.zeros(len(texts), dtype=np.int8), body, 0.8, 3).find(files))
    assert compared <= len(texts)


def test_the_shingles_remembered_are_bounded_by_their_number_and_not_by_that_of_texts(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("wenlu.corpus.dedup.near._REMEMBERED", 1_000)
    worked_out = []

    def shingles(text: int) -> frozenset[str]:
        worked_out.append(text)
        return frozenset(f"{text} {number}" for number in range(400 if text < 9 else 5_000))

    remembered = _Remembered(shingles)
    for text in (1, 2, 1, 3, 1, 2, 9, 9, 1):
        assert remembered(text) == remembered(text)
    assert worked_out == [1, 2, 3, 2, 9, 1]


@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.7, 0.8, 0.9, 1.0])
def test_pairs_at_the_threshold_meet_nearly_always(threshold: float):
    bands = Bands.at(threshold)
    assert bands.chance(threshold) >= 0.99
    assert bands.number * bands.rows <= 128


def test_copies_of_one_text_take_no_more_memory_than_a_piece(tmp_path: Path):
    rows, batch = 3_000_000, 100_000
    same = (
        Keys(
            np.full((batch, 2), 7, dtype=np.uint64),
            np.zeros(batch, dtype=np.int32),
            np.zeros(batch, dtype=np.int8),
            np.arange(start, start + batch),
        )
        for start in range(0, rows, batch)
    )
    tracemalloc.start()
    found = find_copies(same, rows, tmp_path).reasons
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (found[0], int((found == DUPLICATE).sum())) == (KEPT, rows - 1)
    assert peak < rows + 40_000_000  # its records alone are 87 MB
