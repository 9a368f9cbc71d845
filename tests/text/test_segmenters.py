from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wenlu.base.component import component
from wenlu.base.errors import WenluError
from wenlu.text.cutting import cut
from wenlu.text.segment import SEGMENTERS, Segmenter

_made: dict[str, Segmenter] = {}


@pytest.fixture(params=list(SEGMENTERS))
def segmenter(request: pytest.FixtureRequest) -> Segmenter:
    return made(request.param)


def made(name: str) -> Segmenter:
    if name not in _made:
        named = component(SEGMENTERS, name, where="test")
        _made[name] = named.kind(named.config)
    return _made[name]


@given(text=st.text(max_size=50) | st.text(st.sampled_from("我爱北京天安门東京都に住む。！ \nabc１２"), max_size=50))
@settings(max_examples=100, deadline=None)
@pytest.mark.parametrize("name", list(SEGMENTERS))
def test_nothing_is_added_dropped_or_changed(name: str, text: str):
    assert "".join(made(name)(text)) == text


ODD = st.text(
    st.sampled_from("我爱北京天安门東京都に住む。！ \n\r\tabcＡ１2.%+#&_-’·…～０é\u3000👍🏽\u200d𠮷㐀\0"), max_size=9
)


@given(texts=st.lists(ODD | st.text(max_size=9), max_size=6))
@settings(max_examples=200, deadline=None)
@pytest.mark.parametrize("name", list(SEGMENTERS))
def test_texts_cut_at_once_are_cut_as_each_alone(name: str, texts: list[str]):
    segment = made(name)
    found = cut(texts, segment)
    pieces = [found.pieces[number] for number in found.texts.ids]
    rows = [segment(text) for text in texts]
    assert found.texts.lengths.tolist() == [len(row) for row in rows]
    assert pieces == [piece for row in rows for piece in row]
    assert len(set(found.pieces)) == len(found.pieces)


def test_its_version_names_what_decides_the_cuts(segmenter: Segmenter):
    assert segmenter.version
    assert "?" not in segmenter.version


@pytest.mark.parametrize("name", ["rjieba", "jieba"])
def test_chinese_words_are_found(name: str):
    assert made(name)("我来到北京清华大学") == ["我", "来到", "北京", "清华大学"]


def test_japanese_words_are_found():
    assert made("sudachi")("東京都に住んでいます") == ["東京都", "に", "住ん", "で", "い", "ます"]


def test_mecab_finds_short_units_and_gives_white_space_back():
    cut = made("mecab")(" 東京都に 住んで\n\n\u3000います\0京都 ")
    assert cut == [" ", "東京", "都", "に", " ", "住ん", "で", "\n\n", "\u3000", "い", "ます", "\0", "京都", " "]


def test_mecab_takes_a_text_of_any_length():
    text = "長い文です。" * 40_000
    assert "".join(made("mecab")(text)) == text


@pytest.mark.parametrize("text", ["あ" * 60_000, "長い文です。" * 20_000])
def test_a_text_longer_than_sudachi_takes_is_cut_first(text: str):
    assert "".join(made("sudachi")(text)) == text


def test_sudachi_cuts_by_the_mode_asked_for():
    cuts = {}
    for mode in "AC":
        named = component(SEGMENTERS, {"name": "sudachi", "mode": mode}, where="test")
        cuts[mode] = named.kind(named.config)("選挙管理委員会")
    assert cuts == {"A": ["選挙", "管理", "委員", "会"], "C": ["選挙管理委員会"]}


def test_a_segmenter_that_is_not_installed_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(__import__("sys").modules, "rjieba", None)
    named = component(SEGMENTERS, "rjieba", where="test")
    with pytest.raises(WenluError, match=r"pip install 'wenlu\[zh\]'"):
        named.kind(named.config)
