from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wenlu.text.encoded import Encoded
from wenlu.text.normalize import Normalizer
from wenlu.text.once import LearnOnce
from wenlu.text.pipeline import PipelineConfig, TextPipeline

CHINESE = ["我来到北京清华大学，天气很好！", "物有所值，质量很差", "", "北京的天气 ＡＢＣ", "好", "好\0坏"]
JAPANESE = ["東京都に住んでいます。", "これはとても良い商品です。また買います。", "", "東京の天気", "住む"]
CONFIGS = [
    ({"name": "word", "segmenter": "rjieba"}, CHINESE),
    ({"name": "word", "segmenter": "jieba"}, CHINESE),
    ({"name": "word", "segmenter": "sudachi"}, JAPANESE),
    ({"name": "word", "segmenter": "mecab"}, JAPANESE),
    ("char", CHINESE + JAPANESE),
]


@pytest.mark.parametrize("forgetful", [False, True])
@pytest.mark.parametrize(("tokenizer", "texts"), CONFIGS)
def test_once_is_as_twice(
    tokenizer: str | dict[str, str], texts: list[str], forgetful: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    if forgetful:  # few pieces are held, and a chunk is a few texts, so that there are several volumes
        monkeypatch.setattr("wenlu.text.census._MOST_COUNTED", 12)
        monkeypatch.setattr("wenlu.text.cutting._TOGETHER", 3)
        monkeypatch.setattr("wenlu.text.once._AT_ONCE", 5)
    config = PipelineConfig(tokenizer=tokenizer, max_length=6)
    many = texts * 3 + texts[:2] * 4
    once, encoded = learned_once(many, config, tmp_path)
    cleaned = map(Normalizer(["nfkc", "spaces"]), many)
    twice = TextPipeline.train(cleaned, config, clean=["nfkc", "spaces"])
    assert once.digest() == twice.digest()
    assert rows(encoded) == twice.encode(many)
    assert bool(list(tmp_path.glob("pieces-*"))) == forgetful


def learned_once(texts: list[str], config: PipelineConfig, folder: Path) -> tuple[TextPipeline, Encoded]:
    learn = LearnOnce(config, clean=["nfkc", "spaces"], folder=folder)
    blocks = list(learn.blocks((text, number) for number, text in enumerate(texts)))
    assert [number for beside, _ in blocks for number in beside] == list(range(len(texts)))
    file = BytesIO(b"".join(encoded.ids.astype("<i4").tobytes() for _, encoded in blocks))
    pipeline = learn.pipeline()
    unknown = learn.settle(file, pipeline)
    ids = np.frombuffer(file.getvalue(), dtype="<i4")
    assert unknown == np.count_nonzero(ids == pipeline.tokenizer.unk_id)
    return pipeline, Encoded(ids, np.concatenate([encoded.lengths for _, encoded in blocks]))


def rows(encoded: Encoded) -> list[list[int]]:
    return [row.tolist() for row in np.split(encoded.ids, np.cumsum(encoded.lengths)[:-1])]


def test_only_what_cuts_before_it_learns_is_learned_in_one_pass():
    assert LearnOnce.can(PipelineConfig(tokenizer="char"))
    assert not LearnOnce.can(PipelineConfig(tokenizer="bpe"))


@given(st.lists(st.lists(st.integers(0, 9), max_size=5), min_size=1, max_size=8), st.integers(1, 4))
@settings(deadline=None)
def test_bounded_texts_are_cut_off_and_those_of_nothing_are_one_id(texts: list[list[int]], longest: int):
    bounded = Encoded.of(texts).bounded(longest, nothing=-1)
    assert rows(bounded) == [row[:longest] or [-1] for row in texts]
    assert bounded.lengths.tolist() == [len(row[:longest] or [-1]) for row in texts]


def test_a_message_of_ids_is_read_as_written():
    encoded = Encoded.of([[1, 2], [], [3]])
    again = Encoded.from_bytes(encoded.to_bytes())
    assert again.ids.tolist() == [1, 2, 3]
    assert again.lengths.tolist() == [2, 0, 1]
