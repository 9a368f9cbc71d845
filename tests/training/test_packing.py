from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from wenlu.training.cross_entropy import IGNORED
from wenlu.training.encoded import EncodedBlock, EncodedTexts, write_encoded
from wenlu.training.packing import PackedTexts
from wenlu.training.settings import PackingConfig

END = 3


def written(folder: Path, *rows: list[int]) -> EncodedTexts:
    write_encoded(folder / "texts", [EncodedBlock.of(rows, [0] * len(rows))])
    return EncodedTexts.open(folder / "texts")


def many(folder: Path) -> EncodedTexts:
    return written(folder, *([10 * number + place for place in range(number % 9)] for number in range(1, 60)))


def test_a_row_is_cut_from_texts_one_behind_the_other(tmp_path: Path):
    packed = PackedTexts.in_order(
        written(tmp_path, [11, 12, 13], [21], [31, 32]), PackingConfig(length=4), separator=END
    )
    rows = packed.batch(range(len(packed)))
    assert rows.tokens.tolist() == [[END, 11, 12, 13], [END, 21, END, 31], [32, END, END, END]]
    assert rows.targets.tolist() == [[11, 12, 13, END], [21, END, 31, 32], [END, IGNORED, IGNORED, IGNORED]]
    assert rows.documents is not None
    assert rows.documents.tolist() == [[1, 1, 1, 1], [1, 1, 2, 2], [0, 1, 2, 3]]


@pytest.mark.parametrize("length", [2, 3, 7, 64, 1000])
def test_each_id_is_read_once_an_epoch_and_followed_by_what_follows_it(tmp_path: Path, length: int):
    texts = many(tmp_path)
    packed = PackedTexts.shuffled(texts, PackingConfig(length=length), separator=END, seed=1, epoch=2)
    rows = packed.batch(range(len(packed)))
    real = rows.targets != IGNORED
    assert real.sum() == packed.ids == len(texts.ids) + len(texts)
    read = Counter(rows.tokens[real].tolist())
    assert read == Counter([*texts.ids.tolist(), *[END] * len(texts)])
    stream = rows.tokens.ravel()[: packed.ids]
    assert np.array_equal(rows.targets[real], [*stream[1:], END])


def test_the_order_depends_on_seed_and_epoch_alone(tmp_path: Path):
    texts = many(tmp_path)

    def tokens(seed: int, epoch: int) -> list[list[int]]:
        packed = PackedTexts.shuffled(texts, PackingConfig(length=16), separator=END, seed=seed, epoch=epoch)
        return [packed.batch([row]).tokens[0].tolist() for row in range(len(packed))]

    assert tokens(1, 1) == tokens(1, 1)
    assert tokens(1, 1) != tokens(1, 2)
    assert tokens(1, 1) != tokens(2, 1)


def test_any_rows_can_be_asked_for_in_any_order(tmp_path: Path):
    packed = PackedTexts.shuffled(many(tmp_path), PackingConfig(length=8), separator=END, seed=1, epoch=1)
    assert np.array_equal(packed.batch([5, 0]).tokens[1], packed.batch([0]).tokens[0])


def test_joined_texts_have_no_borders(tmp_path: Path):
    packed = PackedTexts.in_order(many(tmp_path), PackingConfig(length=8, documents="joined"), separator=END)
    assert packed.batch([0]).documents is None


def test_no_texts_are_no_rows(tmp_path: Path):
    assert len(PackedTexts.in_order(written(tmp_path), PackingConfig(), separator=END)) == 0
