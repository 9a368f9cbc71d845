from __future__ import annotations

from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from wenlu.training.batches import epoch_batches
from wenlu.training.encoded import EncodedBlock, EncodedTexts, write_encoded


@given(st.lists(st.integers(1, 300), min_size=1, max_size=500), st.integers(1, 70), st.integers(1, 5))
def test_every_row_is_read_once_an_epoch(lengths: list[int], size: int, epoch: int):
    batches = epoch_batches(np.array(lengths), size=size, seed=1, epoch=epoch)
    assert sorted(row for batch in batches for row in batch) == list(range(len(lengths)))
    assert max(map(len, batches)) <= size


def test_the_order_depends_on_seed_and_epoch_alone():
    lengths = np.arange(1, 500) % 37 + 1

    def order(seed: int, epoch: int) -> list[list[int]]:
        return [list(batch) for batch in epoch_batches(lengths, size=16, seed=seed, epoch=epoch)]

    assert order(1, 1) == order(1, 1)
    assert order(1, 1) != order(1, 2)
    assert order(1, 1) != order(2, 1)


def test_batches_hold_texts_of_similar_length():
    lengths = np.random.default_rng(1).integers(1, 200, 6_400)
    batches = epoch_batches(lengths, size=64, seed=1, epoch=1)
    padded = sum(len(batch) * lengths[list(batch)].max() for batch in batches)
    assert padded / lengths.sum() < 1.1


def test_encoded_texts_come_back_as_they_were(tmp_path: Path):
    write_encoded(tmp_path / "e", [EncodedBlock.of([[5, 6, 7], [8]], [1, 0]), EncodedBlock.of([[9, 10]], [2])])
    texts = EncodedTexts.open(tmp_path / "e")
    assert len(texts) == 3
    assert texts.lengths.tolist() == [3, 1, 2]
    tokens, lengths, labels = texts.batch([2, 0])
    assert tokens.tolist() == [[9, 10, 0], [5, 6, 7]]
    assert (lengths.tolist(), labels.tolist()) == ([2, 3], [2, 1])


def test_no_texts_at_all_can_be_written_and_read(tmp_path: Path):
    write_encoded(tmp_path / "e", [])
    assert len(EncodedTexts.open(tmp_path / "e")) == 0
