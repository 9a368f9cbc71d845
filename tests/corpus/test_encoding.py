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


KOREAN = "이 식당의 음식은 정말 맛있었습니다. 다음에도 꼭 다시 방문하고 싶습니다. 가격도 저렴하고 분위기도 좋아요."
TRADITIONAL = "這家餐廳的服務非常好，菜色也很好吃，下次還會再來。價格比較便宜，環境也不錯！"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [(KOREAN, "euc_kr"), (JAPANESE, "euc_jp"), ("東京都千代田区・会社概要・代表取締役", "euc_jp"),
     (TRADITIONAL, "big5"), ("Café déjà vu, où ça a été", "latin1")],
)  # fmt: skip
def test_text_of_an_encoding_that_is_no_candidate_is_not_taken_for_chinese(text: str, encoding: str):
    with pytest.raises(WenluError, match=r"is not clear"):
        detect([text.encode(encoding)], name="f")


@pytest.mark.parametrize(
    "text", ["好评", "王建国 李秀英 张伟 刘洋 陈静 杨帆 赵磊 黄敏 周杰 吴刚", "北京市海淀区中关村大街", TRADITIONAL]
)
def test_short_texts_names_and_addresses_in_gbk_are_recognised(text: str):
    assert detect([text.encode("gbk")], name="f") == "gb18030"


def test_a_few_whole_lines_in_a_sea_of_ascii_do_not_make_it_utf8():
    gbk, utf8 = "质量很差再也不买了".encode("gbk"), "你好世界".encode()
    with pytest.raises(WenluError, match="is not clear"):
        detect([b"hello"] * 990 + [utf8] * 8 + [gbk] * 9, name="f")
    assert detect([b"hello"] * 990 + [gbk] * 9, name="f") == "gb18030"
