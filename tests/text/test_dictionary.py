from __future__ import annotations

from pathlib import Path

import pytest

from wenlu.base.component import component
from wenlu.base.errors import WenluError
from wenlu.base.spec import check
from wenlu.text.dictionary import Dictionary
from wenlu.text.pipeline import PipelineConfig, TextPipeline, files_read
from wenlu.text.segment import SEGMENTERS

EXAMPLES = {
    "jieba": ("今天去文炉大模型店", "文炉大模型店"),
    "rjieba": ("今天去文炉大模型店", "文炉大模型店"),
    "sudachi": ("私は文炉太郎丸です", "文炉太郎丸"),
    "mecab": ("私は文炉太郎丸です", "文炉太郎丸"),
}


def trained(path: Path, *, segmenter: str = "rjieba") -> TextPipeline:
    tokenizer = {"name": "word", "min_count": 1, "segmenter": {"name": segmenter, "dictionary": str(path)}}
    config = check(PipelineConfig, {"tokenizer": tokenizer}, where="test")
    return TextPipeline.train([text for text, _ in EXAMPLES.values()], config, clean=["nfkc"])


@pytest.mark.parametrize("name", list(EXAMPLES))
def test_a_word_of_the_dictionary_stays_whole(name: str, tmp_path: Path):
    text, word = EXAMPLES[name]
    (tmp_path / "words.txt").write_text(f"{word}\n", encoding="utf-8")
    plain = component(SEGMENTERS, name, where="test")
    own = component(SEGMENTERS, {"name": name, "dictionary": str(tmp_path / "words.txt")}, where="test")
    assert word not in plain.kind(plain.config)(text)
    pieces = own.kind(own.config)(text)
    assert word in pieces
    assert "".join(pieces) == text


@pytest.mark.parametrize("name", ["sudachi", "mecab"])
def test_words_with_commas_quotes_and_capitals_are_words_too(name: str):
    words = ['文炉"改,二', "WenLu太郎"]
    named = component(SEGMENTERS, name, where="test")
    segment = named.kind(named.config, Dictionary("\n".join(words).encode()))
    for word in words:
        assert word in segment(f"これは{word}です")


def test_the_dictionary_goes_with_the_tokenizer_and_the_file_is_not_needed_again(tmp_path: Path):
    words = tmp_path / "words.txt"
    words.write_text("文炉大模型店 100 n\n", encoding="utf-8")
    ours = trained(words)
    (tmp_path / "saved").mkdir()
    ours.save(tmp_path / "saved")
    words.unlink()
    again = TextPipeline.load(tmp_path / "saved")
    assert again.digest() == ours.digest()
    assert again.cut("去文炉大模型店") == ours.cut("去文炉大模型店")
    assert len(again.cut("文炉大模型店")) == 1


def test_a_bundle_that_lost_its_dictionary_is_refused(tmp_path: Path):
    words = tmp_path / "words.txt"
    words.write_text("文炉大模型店\n", encoding="utf-8")
    (tmp_path / "saved").mkdir()
    trained(words).save(tmp_path / "saved")
    (tmp_path / "saved" / "dictionary.txt").unlink()
    with pytest.raises(WenluError, match=r"dictionary\.txt of the tokenizer is missing"):
        TextPipeline.load(tmp_path / "saved")


def test_another_dictionary_is_another_digest(tmp_path: Path):
    digests = set()
    for content in ("文炉大模型店\n", "文炉大模型店\n質問箱\n"):
        (tmp_path / "words.txt").write_text(content, encoding="utf-8")
        digests.add(trained(tmp_path / "words.txt").digest())
    assert len(digests) == 2


def test_another_dictionary_at_the_same_path_is_another_input_of_training(tmp_path: Path):
    words = tmp_path / "words.txt"
    tokenizer = {"name": "word", "segmenter": {"name": "rjieba", "dictionary": str(words)}}
    config = check(PipelineConfig, {"tokenizer": tokenizer}, where="test")
    assert files_read(config) == {}
    digests = set()
    for content in ("文炉大模型店", "質問箱"):
        words.write_text(content, encoding="utf-8")
        digests.add(files_read(config)[str(words)])
    assert len(digests) == 2


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "has 0 words"),
        (b"\xff\xfe", "is not UTF-8: byte 0"),
        ("好\n坏 1 n 多余".encode(), "line 2"),
        ("词 -5".encode() + b" 3 n", "line 1"),
        (("长" * 101).encode(), "at most 100 characters"),
        ("好\0坏".encode(), "characters that can be seen"),
        (b"a\n" * 500_001, "500,001 words"),
        (b" " * (32 * 2**20 + 1), "33,554,433 bytes"),
    ],
)
def test_a_broken_or_huge_dictionary_is_a_sentence(tmp_path: Path, content: bytes, sentence: str):
    path = tmp_path / "words.txt"
    path.write_bytes(content)
    with pytest.raises(WenluError, match=sentence) as caught:
        Dictionary.read(str(path))
    assert caught.value.code == "bad_dictionary"


@pytest.mark.parametrize("path", ["nowhere.txt", ".", "a\0b"])
def test_a_dictionary_that_cannot_be_read_is_a_sentence(path: str):
    with pytest.raises(WenluError, match="can't be read"):
        Dictionary.read(path)


def test_a_dictionary_may_have_a_byte_order_mark_and_windows_line_ends():
    words = Dictionary("\ufeff文炉 3 n\r\n\r\n質問箱 n\r\n".encode()).words
    assert [(word.text, word.frequency, word.tag) for word in words] == [("文炉", 3, "n"), ("質問箱", None, "n")]


def test_a_segmenter_without_a_dictionary_says_so():
    with pytest.raises(WenluError, match="dictionary"):
        component(SEGMENTERS, {"name": "character", "dictionary": "words.txt"}, where="test")
