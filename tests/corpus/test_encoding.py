from __future__ import annotations

import pytest

from wenlu.base.errors import WenluError
from wenlu.corpus.encoding import detect

CHINESE = "这家店的服务很好，菜也很好吃，下次还会再来。价格比较便宜，环境也不错！\n房间很干净，早餐也可以。"
JAPANESE = (
    "経済の記事を読みました。とても面白かったです。\nメロスは激怒した。必ず、かの王を除かなければならぬと決意した。"
)


def found(content: bytes) -> str:
    """By the bytes whole, and the same in pieces of an odd size."""
    pieces = [content[start : start + 7] for start in range(0, len(content), 7)]
    encoding = detect(lambda: [content], name="strange.txt")
    assert detect(lambda: pieces, name="strange.txt") == encoding
    return encoding


@pytest.mark.parametrize(
    ("text", "encoding"),
    [(CHINESE, "utf-8"), (JAPANESE, "utf-8"), (CHINESE, "gb18030"), (JAPANESE, "cp932"), ("plain ascii", "ascii")],
)
def test_the_encoding_of_ordinary_text_is_found(text: str, encoding: str):
    assert text.encode(encoding).decode(found(text.encode(encoding))) == text


def test_japanese_bytes_that_are_valid_gb18030_are_not_taken_for_chinese():
    content = "経済の記事".encode("cp932")
    assert content.decode("gb18030") == "宱嵪偺婰帠"
    assert found(content) == "cp932"


def test_a_byte_order_mark_is_still_utf8():
    assert found(CHINESE.encode("utf-8-sig")) == "utf-8"


def test_a_few_broken_lines_do_not_make_another_encoding():
    good = [CHINESE.encode()] * 500
    assert found(b"\n".join([*good, b"\xff\xfe broken", *good])) == "utf-8"


@pytest.mark.parametrize("content", [b"\x80\x81\xff\xfe\x00\x01" * 20, "Привет, мир".encode("koi8-r")])
def test_what_fits_nothing_well_is_asked_about(content: bytes):
    with pytest.raises(WenluError) as caught:
        found(content)
    assert caught.value.code == "encoding_unclear"
    assert "strange.txt" in caught.value.message


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_of_a_file_with_too_many_broken_lines_the_nearest_reading_is_shown_with_their_share(encoding: str):
    with pytest.raises(WenluError, match=f"{encoding} \\(9.1% of the lines broken\\): 这家店") as caught:
        found(b"\n".join([*[CHINESE.encode(encoding)] * 5, b"\xff\xff\xff"]))
    assert "left out and counted" in caught.value.hint


def test_an_enormous_line_is_no_broken_one(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("wenlu.corpus.encoding.doctor.LONGEST_LINE", 50)
    assert found(b"a short line\n" + "好".encode() * 1_000 + b"\n") == "utf-8"


def test_no_bytes_are_utf8():
    assert found(b"") == "utf-8"


KOREAN = "이 식당의 음식은 정말 맛있었습니다. 다음에도 꼭 다시 방문하고 싶습니다. 가격도 저렴하고 분위기도 좋아요."
TRADITIONAL = "這家餐廳的服務非常好，菜色也很好吃，下次還會再來。價格比較便宜，環境也不錯！"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [(KOREAN, "euc_kr"), ("Café déjà vu, où ça a été", "latin1"), ("Привет, мир", "cp1251")],
)
def test_text_of_an_encoding_that_is_no_candidate_is_not_taken_for_chinese(text: str, encoding: str):
    with pytest.raises(WenluError, match=r"is not clear"):
        found(text.encode(encoding))


@pytest.mark.parametrize(
    "text", ["王建国 李秀英 张伟 刘洋 陈静 杨帆 赵磊 黄敏 周杰 吴刚", "北京市海淀区中关村大街", TRADITIONAL]
)
def test_short_texts_names_and_addresses_in_gbk_are_recognised(text: str):
    assert found(text.encode("gbk")) == "gb18030"


def test_a_few_whole_lines_in_a_sea_of_ascii_do_not_make_it_utf8():
    gbk, utf8 = "质量很差再也不买了".encode("gbk"), "你好世界".encode()
    with pytest.raises(WenluError, match="is not clear"):
        found(b"\n".join([b"hello"] * 990 + [utf8] * 8 + [gbk] * 9))
    assert found(b"\n".join([b"hello"] * 990 + [gbk] * 9)) == "gb18030"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [(JAPANESE, "euc_jp"), (JAPANESE, "iso2022_jp"), (TRADITIONAL, "big5"), (TRADITIONAL, "gb18030"),
     (JAPANESE, "utf-16-le"), (CHINESE, "utf-16-be"), (CHINESE, "utf-16"), (TRADITIONAL, "utf-8")],
)  # fmt: skip
def test_each_encoding_of_china_and_japan_is_found(text: str, encoding: str):
    content = text.encode(encoding)
    assert content.decode(found(content)).removeprefix("\ufeff") == text


SHORT = "好,路,中文,很好吃,東京,日本語,これ,ｱｲｳ,、。,会社概要,價格,記事,メロス,一,ー,你好吗,姓名,联通".split(",")  # noqa: SIM905


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "big5", "cp932", "euc_jp", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", SHORT)
def test_a_word_is_read_right_or_asked_about_and_never_read_wrong(text: str, encoding: str):
    content = text.encode(encoding, "ignore")
    if content.isascii() and content.decode().isprintable():
        return  # the bytes of 好 in UTF-16 are those of "}Y": nothing can tell
    try:
        decoded = content.decode(found(content))
    except WenluError:
        return
    assert decoded == content.decode(encoding)


@pytest.mark.parametrize(
    "text",
    ["と然《さ》も／＼若氣《わかげ》に思込《おもひこ》んだやうな顏色《かほいろ》をして",
     "ロムブスの見かけたと云ふ鯨です。時々｜潮《しほ》も吐きかねません。吼《ほ》える声",
     "　　　〇、〇〇〇", "すいそ》が、\r\n　　　　　　　　　　〇、〇〇〇〇"],
)  # fmt: skip
def test_the_marks_of_novels_tell_euc_jp_from_gb_2312_in_which_the_kana_are_the_same(text: str):
    try:
        assert found(text.encode("euc_jp")) == "euc_jp"
    except WenluError:
        assert len(text) < 30  # so few characters may be asked about, and never read wrong


def test_ditto_marks_among_kana_do_not_make_gb_2312_euc_jp():
    text = "》うてある。此《これ》に蔽《おほ》はれて、其《そ》"
    with pytest.raises(WenluError, match="gb18030"):
        found(text.encode("gb18030"))


def test_the_candidates_are_shown_with_previews():
    with pytest.raises(WenluError) as caught:
        found("好".encode("gbk"))
    assert "gb18030: 好" in caught.value.message
    assert "--encoding" in caught.value.hint


@pytest.mark.parametrize("text", ["收入创当", "本君は", "望下の家"])
def test_utf_16_without_a_mark_that_looks_like_ascii_with_controls_is_not_taken_for_it(text: str):
    content = text.encode("utf-16-le")
    try:
        assert content.decode(found(content)) == text
    except WenluError as error:
        assert "utf-16-le" in str(error)  # noqa: PT017  (either is right: a clear answer or a question)


@pytest.mark.parametrize("content", [b"\x1b[31mred\x1b[0m ok", b"a\0b\n", b"tab\tand form feed\x0c..\n"])
def test_plain_text_with_some_controls_stays_plain_text(content: bytes):
    assert found(content) == "utf-8"


def test_readings_that_are_weighed_on_different_lines_are_compared_as_wholes():
    # In a set of single bytes there are twice as many characters, so it is weighed on a quarter of these lines.
    sentence = "伯林の客舎に在りて獨逸語の巻を披く事頻りなりき"
    lines = [sentence[:19] if number % 2 else sentence for number in range(3_040)]
    text = "\n".join(lines)
    assert found(text.encode("cp932")) == "cp932"
