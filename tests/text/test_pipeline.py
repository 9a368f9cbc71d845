from __future__ import annotations

from pathlib import Path

import pytest

from wenlu.base.errors import WenluError
from wenlu.base.spec import check
from wenlu.text.pipeline import PipelineConfig, TextPipeline
from wenlu.text.vocabulary import UNK_ID

TEXTS = ["我来到北京清华大学", "とても良い商品です", "ABC 123"]


def pipeline(**settings: object) -> TextPipeline:
    tokenizer = {"name": "char", "min_count": 1}
    config = check(PipelineConfig, {"tokenizer": tokenizer, **settings}, where="test")
    return TextPipeline.train(TEXTS, config, clean=["nfkc", "spaces"])


def test_a_raw_text_meets_the_cleaning_that_training_texts_went_through():
    ours = pipeline()
    assert ours.encode(["ＡＢＣ\u3000１２３\n"]) == ours.encode(["abc 123"])


def test_each_piece_has_its_place_in_the_raw_text():
    raw = "<b>ＡＢＣ</b>\u3000㈱！"
    config = check(PipelineConfig, {"tokenizer": {"name": "char", "min_count": 1}}, where="test")
    ours = TextPipeline.train(TEXTS, config, clean=["html", "nfkc", "spaces"])
    cut = ours.cut(raw)
    assert [raw[piece.start : piece.end] for piece in cut] == [*"ＡＢＣ\u3000", "㈱", "㈱", "㈱", "！"]
    assert [piece.id for piece in cut] == ours.encode([raw])[0]


def test_a_text_of_nothing_is_one_unknown():
    assert pipeline().encode(["", " \u200b "]) == [[UNK_ID], [UNK_ID]]


def test_a_long_text_is_cut_at_max_length():
    assert [len(ids) for ids in pipeline(max_length=4).encode(TEXTS)] == [4, 4, 4]


def test_saved_and_loaded_it_is_the_same(tmp_path: Path):
    ours = pipeline()
    ours.save(tmp_path)
    again = TextPipeline.load(tmp_path)
    assert again.encode(TEXTS) == ours.encode(TEXTS)
    assert again.digest() == ours.digest()


def test_another_setting_is_another_digest():
    assert len({pipeline().digest(), pipeline(max_length=5).digest(), pipeline(normalize=[]).digest()}) == 3


@pytest.mark.parametrize(
    ("name", "content"),
    [("pipeline.json", b"{}"), ("pipeline.json", b"\xff"), ("vocabulary.json", b"[1]"), ("vocabulary.json", None)],
)
def test_a_broken_file_is_a_sentence(tmp_path: Path, name: str, content: bytes | None):
    pipeline().save(tmp_path)
    (tmp_path / name).unlink() if content is None else (tmp_path / name).write_bytes(content)
    with pytest.raises(WenluError):
        TextPipeline.load(tmp_path)
