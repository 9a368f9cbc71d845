from __future__ import annotations

import doctest
import importlib
import time
import unicodedata
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wenlu.base.errors import WenluError
from wenlu.text.edits import compared, edited
from wenlu.text.normalize import NORMALIZERS, Normalizer

ROWS = list(NORMALIZERS)
ALPHABET = (
    "好评差质量質頭髮发后東京都にガガｶﾞﾊﾟ々ゝゞ〱〵いすずこ　 \n\t\u200b！!？?。.…，、～—ー<>/&;#《》｜［］※"
    "＃底本：1-84abpr@:13800Σİﬁ①㈱か\u3099😀\ud800"
)
FRAGMENTS = [
    "<p>", "</b>", "<br/>", "&amp;", "&lt;", "&#38;", "<script>", "</script>", "<!--", "-->",
    "https://例.jp/a", "www.example.com", "a.b@example.cn", "13800138000", "03-1234-5678", "｜青空《あおぞら》",
    "［＃改ページ］", "※［＃「てへん＋劣」、第3水準1-84-77］", "\n底本：「全集」", "哈哈哈哈哈", "……", "。。。。",
]  # fmt: skip
TEXTS = st.text(max_size=40) | st.lists(st.sampled_from([*ALPHABET, *FRAGMENTS]), max_size=15).map("".join)


@cache
def made(*steps: str) -> Normalizer:
    return Normalizer(steps)


@given(TEXTS)
def test_nfkc_is_that_of_unicode(text: str):
    assert a_text(row="nfkc", text=text) == unicodedata.normalize("NFKC", text)


@given(
    texts=st.lists(
        TEXTS | st.text(st.sampled_from("好Ａ１ \t\n\r\x1c\x1f\x85\u200b\u3000…ＳσΣ'a"), max_size=9), max_size=5
    )
)
@settings(max_examples=300)
@pytest.mark.parametrize("steps", [("nfkc", "spaces"), ("lower",), ("nfkc", "spaces", "lower", "repeats"), ("spaces",)])
def test_many_texts_at_once_are_normalised_as_each_alone(steps: tuple[str, ...], texts: list[str]):
    assert made(*steps).many(texts) == list(map(made(*steps), texts))


def a_text(*, row: str, text: str) -> str:
    return str(NORMALIZERS[row]()(text))


@pytest.mark.parametrize("row", ROWS)
def test_the_examples_in_the_docstrings_are_true(row: str):
    tried = doctest.testmod(importlib.import_module(NORMALIZERS[row].__module__))
    assert tried.attempted
    assert not tried.failed


@pytest.mark.parametrize(
    ("row", "written", "normalised"),
    [
        ("html", "3 < 5 且 7 > 2", "3 < 5 且 7 > 2"),
        ("html", "a<b且c>d", "a<b且c>d"),
        ("html", "<div class='x'>東京<span>都</span></div>", "\n東京都\n"),
        ("html", "<style>p{}</style>本文<script>if(a<b){}</script>です", "本文です"),
        ("html", "前<!-- 注 <b> -->後", "前後"),
        ("html", "&lt;b&gt;太&amp;amp;lt;字", "太<字"),
        ("html", "你好&hearts;&#x597d;&#22909;&nosuch;&", "你好♥好好&nosuch;&"),
        ("html", "<(￣︶￣)> I <3 U <URL><EMAIL>", "<(￣︶￣)> I <3 U <URL><EMAIL>"),
        ("html", "<td>价格</td><td>10</td>", " 价格  10 "),
        ("urls", "看http://t.cn/Rx3?a=1&b=2很好", "看<URL>很好"),
        ("urls", "公式サイト（https://example.co.jp/index.html）です", "公式サイト（<URL>）です"),
        ("urls", "见 www.example.com.", "见 <URL>."),
        ("urls", "www. 哈哈 file://x example.com", "www. 哈哈 file://x example.com"),
        ("emails", "info＠example.com宛て、a@b 対象外", "<EMAIL>宛て、a@b 対象外"),
        ("emails", "@用户 你好", "@用户 你好"),
        ("phones", "010-88886666转1", "<PHONE>转1"),
        ("phones", "+86 138 0013 8000", "<PHONE>"),
        ("phones", "TEL：０３－１２３４－５６７８", "TEL：<PHONE>"),
        ("phones", "+81-90-1234-5678まで", "<PHONE>まで"),
        ("phones", "(03)1234-5678、0120-123-456、09012345678", "<PHONE>、<PHONE>、<PHONE>"),
        ("phones", "400-820-8820客服", "<PHONE>客服"),
        ("phones", "2024-01-02 12:30", "2024-01-02 12:30"),
        ("phones", "订单号2024138001380001234", "订单号2024138001380001234"),
        ("phones", "型番A13800138000B 13800138000元 3.13800138000", "型番A13800138000B 13800138000元 3.13800138000"),
        ("phones", "ISBN 978-7-111-12345-6, 1990-2000-2010", "ISBN 978-7-111-12345-6, 1990-2000-2010"),
        ("punctuation", "好！！！！真的？？？？", "好！真的？"),
        ("punctuation", "！？！？！？すごい", "！？すごい"),
        ("punctuation", "。。。。。。......………", "。。。...……"),
        ("punctuation", "——————是的~~~", "——是的~"),
        ("punctuation", "1.5、A--B、::", "1.5、A--B、::"),
        ("repeats", "哈哈哈哈哈哈哈", "哈哈哈"),
        ("repeats", "やったーーーーーーwwwwwwww", "やったーーーwww"),
        ("repeats", "1000000元 二〇〇〇〇", "1000000元 二〇〇〇〇"),
        ("kana", "ｱｲｳ｢ﾃｽﾄ｣ＡＢ㈱", "アイウ「テスト」ＡＢ㈱"),
        ("kana", "カﾞ ﾊﾟ ﾞ あﾞ", "ガ パ ゛ あ゛"),
        ("iteration", "人々は度々、佐々木", "人人は度度、佐佐木"),
        ("iteration", "あゝ、学問のすゝめ、バナヽ、ほゞ、たゞ", "ああ、学問のすすめ、バナナ、ほぼ、ただ"),
        ("iteration", "々の意味、 ゝ、一つ〳〵、ー々", "々の意味、 ゝ、一つ〳〵、ー々"),
        ("iteration", "ますます〳〵ところ〲", "ますますますところごろ"),
        ("aozora", "吾輩《わがはい》は｜猫《ねこ》である", "吾輩は猫である"),
        ("aozora", "［＃３字下げ］一［＃「一」は中見出し］", "一"),
        ("aozora", "※［＃「口＋世」、U+546D、12-3］と※［＃「蝋」の旧字］、※［＃二の字点、1-2-22］", "呭と〓、〻"),
        ("aozora", "[#改ページ]|青空《あおぞら》", "青空"),
        ("aozora", "《作品名》は残る | 表", "《作品名》は残る | 表"),
        ("simplified", "這個軟體質量很差", "这个软体质量很差"),
        ("traditional", "皇后在后面", "皇后在後面"),
        ("traditional", "\ud800头发\ud800", "\ud800頭髮\ud800"),
    ],
)
def test_each_step_changes_what_it_says_and_nothing_else(row: str, written: str, normalised: str):
    assert Normalizer([row])(written) == normalised


def test_a_whole_aozora_work_loses_its_key_and_its_colophon():
    work = (
        "こころ\r\n夏目漱石\r\n\r\n" + "-" * 55 + "\r\n【テキスト中に現れる記号について】\r\n\r\n《》：ルビ\r\n"
        "（例）私《わたくし》\r\n"
        + "-" * 55
        + "\r\n\r\n　私《わたくし》はその人を\r\n\r\n\r\n底本：「全集」\r\n入力：甲\r\n"
    )
    assert Normalizer(["aozora", "spaces"])(work) == "こころ 夏目漱石 私はその人を"


@pytest.mark.parametrize("row", ROWS)
@given(text=TEXTS)
@settings(max_examples=150, deadline=None)
def test_a_normalised_text_stays_as_it_is(row: str, text: str):
    normalize = made(row)
    once = normalize(text)
    assert normalize(once) == once


@pytest.mark.parametrize("row", ROWS)
@given(text=TEXTS)
@settings(max_examples=100, deadline=None)
def test_the_aligned_text_is_the_normalised_text_and_every_place_is_inside_the_original(row: str, text: str):
    check_alignment(made(row), text)


@given(text=TEXTS, steps=st.lists(st.sampled_from([row for row in ROWS if row != "traditional"]), max_size=6))
@settings(max_examples=300, deadline=None)
def test_any_steps_together_are_aligned_too(text: str, steps: list[str]):
    check_alignment(made(*steps), text)


def check_alignment(normalize: Normalizer, text: str) -> None:
    aligned = normalize.aligned(text)
    assert aligned.text == normalize(text)
    assert len(aligned.text) == len(aligned.starts) == len(aligned.ends)
    assert aligned.starts == sorted(aligned.starts)
    assert aligned.ends == sorted(aligned.ends)
    assert all(0 <= start <= end <= len(text) for start, end in zip(aligned.starts, aligned.ends, strict=True))
    whole = aligned.span(0, len(aligned.text))
    assert 0 <= whole.start <= whole.end <= len(text)


@given(text=TEXTS)
def test_a_text_that_does_not_change_is_its_own_place(text: str):
    aligned = Normalizer([]).aligned(text)
    assert [text[start:end] for start, end in zip(aligned.starts, aligned.ends, strict=True)] == list(text)


@pytest.mark.parametrize(
    ("steps", "text", "piece", "came_from"),
    [
        (["nfkc", "spaces"], " ㈱文炉　ｶﾞﾗｽ", "ガラス", "ｶﾞﾗｽ"),
        (["nfkc"], "か\u3099く㈱", "(株)", "㈱"),
        (["urls"], "看https://a.cn/b。", "<URL>", "https://a.cn/b"),
        (["html", "spaces"], "<p>东京&amp;amp;京都</p>", "&", "&amp;amp;"),
        (["html"], "<b>很&hearts;</b>", "♥", "&hearts;"),
        (["aozora"], "｜青空《あおぞら》の下", "空の", "空《あおぞら》の"),
        (["aozora"], "※［＃「口＋世」、U+546D］", "呭", "※［＃「口＋世」、U+546D］"),
        (["repeats"], "很哈哈哈哈哈！", "哈哈哈", "哈哈哈哈哈"),
        (["iteration"], "時々は", "時時", "時々"),
        (["simplified"], "頭髮很乾淨", "干净", "乾淨"),
        (["lower"], "İB", "b", "B"),
        (["phones", "nfkc", "lower"], "ＴＥＬ：０３－１２３４－５６７８", "<phone>", "０３－１２３４－５６７８"),
    ],
)
def test_a_piece_of_the_normalised_text_leads_back_to_where_it_came_from(steps, text, piece, came_from):
    aligned = Normalizer(steps).aligned(text)
    start = aligned.text.index(piece)
    span = aligned.span(start, start + len(piece))
    assert text[span.start : span.end] == came_from


@given(before=st.text("好坏ab\n", max_size=30), after=st.text("好坏ab\n", max_size=30))
def test_edits_found_by_comparing_lead_from_one_text_to_the_other(before: str, after: str):
    assert edited(before, compared(before, after)) == after


@pytest.mark.parametrize(
    "unit",
    ["<", "<a ", "<!--", "<script>", "</script", "&amp;", "&#38;", "http://", "www.", "a", "a@", "a@a.", "1", "0-",
     "1-1-", "《", "a《", "［＃", "［＃［a］", "｜", "※［＃", "\n底本", "\n", " ",
     "-----【テキスト中に現れる記号について】",
     "-", "！？", "！", "ｶﾞ", "々", "漢", "〳〵",
     "哈"],
)  # fmt: skip
@pytest.mark.parametrize("row", [row for row in ROWS if row not in ("simplified", "traditional")])
def test_hostile_texts_take_time_by_their_length_alone(row: str, unit: str):
    signs = " 《［＃々１２３４！！<&@.://"  # without these a step may not look at all
    step, text = NORMALIZERS[row](), signs + unit * (200_000 // len(unit)) + signs
    start = time.perf_counter()
    step(text)
    assert time.perf_counter() - start < 2


def test_tags_nested_without_end_still_give_a_text_that_stays():
    nested = "<" * 50 + "b>" * 50
    once = a_text(row="html", text=nested)
    assert a_text(row="html", text=once) == once


def test_steps_that_undo_each_other_are_refused():
    with pytest.raises(WenluError, match="undo each other"):
        Normalizer(["simplified", "nfkc", "traditional"])


def test_opencc_that_is_not_installed_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(__import__("sys").modules, "opencc", None)
    with pytest.raises(WenluError, match=r"pip install 'wenlu\[zh\]'"):
        Normalizer(["simplified"])
