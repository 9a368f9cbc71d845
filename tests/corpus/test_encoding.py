from __future__ import annotations

import pytest

from wenlu.base.errors import WenluError
from wenlu.corpus.encoding import detect

CHINESE = "这家店的服务很好，菜也很好吃，下次还会再来。价格比较便宜，环境也不错！\n房间很干净，早餐也可以。"
JAPANESE = (
    "経済の記事を読みました。とても面白かったです。\nメロスは激怒した。必ず、かの王を除かなければならぬと決意した。"
)


def lines(content: bytes) -> list[bytes | None]:
    return list(content.split(b"\n"))


@pytest.mark.parametrize(
    ("text", "encoding"),
    [(CHINESE, "utf-8"), (JAPANESE, "utf-8"), (CHINESE, "gb18030"), (JAPANESE, "cp932"), ("plain ascii", "ascii")],
)
def test_the_encoding_of_ordinary_text_is_found(text: str, encoding: str):
    found = detect(lines(text.encode(encoding)), name="f")
    assert text.encode(encoding).decode(found) == text


def test_japanese_bytes_that_are_valid_gb18030_are_not_taken_for_chinese():
    content = "経済の記事".encode("cp932")
    assert content.decode("gb18030") == "宱嵪偺婰帠"
    assert detect([content], name="f") == "cp932"


def test_a_byte_order_mark_is_still_utf8():
    assert detect(lines(CHINESE.encode("utf-8-sig")), name="f") == "utf-8"


def test_a_few_broken_lines_do_not_make_another_encoding():
    good = [CHINESE.encode()] * 500
    assert detect([*good, b"\xff\xfe broken", *good], name="f") == "utf-8"


@pytest.mark.parametrize(
    "content", [b"\x80\x81\xff\xfe\x00\x01" * 20, "Привет, мир".encode("koi8-r"), CHINESE.encode("utf-16")]
)
def test_what_fits_nothing_well_is_asked_about(content: bytes):
    with pytest.raises(WenluError) as caught:
        detect(lines(content), name="strange.txt")
    assert caught.value.code == "encoding_unclear"
    assert "strange.txt" in caught.value.message


def test_no_lines_and_lines_that_are_too_long_are_utf8():
    assert detect([], name="f") == "utf-8"
    assert detect([None, b"ok"], name="f") == "utf-8"
