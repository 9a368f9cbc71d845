from __future__ import annotations

import pytest

from wenlu.text.kinds import DIGIT, HAN, HIRAGANA, KATAKANA, LATIN, LETTER, NOTHING, PUNCTUATION, SYMBOL, count_kinds
from wenlu.text.language import LANGUAGES, language_of, languages_of

SENTENCES = [
    ("zh-Hans", "送餐太慢了，等了一个多小时。"),
    ("zh-Hans", "词汇阅读是关键 08年考研暑期英语复习全指南"),
    ("zh-Hans", "鲜の每日，两小时送达，价格便宜"),  # a kana for its looks
    ("zh-Hans", "iPhone 17 Pro 很贵，但是续航变长了"),
    ("zh-Hant", "秦川雄帝宅，函谷壯皇居。綺殿千尋起，離宮百雉餘。"),
    ("zh-Hant", "超級好吃啊！下次還要吃這家的外賣"),
    ("ja", "この商品はとても良かったです。"),
    ("ja", "東京大学経済学部"),  # no kana: 経 and 済 are nobody else's
    ("ja", "ノーベル賞発表"),
    ("ja", "国際会議開催へ"),
    ("ja", "ﾒｶﾞﾈ"),
    ("han", "明月"),
    ("han", "人口"),
    ("other", "Peace and war"),
    ("other", "평화와 전쟁"),
    ("other", "Война и мир, 中"),
    ("other", "😀 123 ！"),
    ("other", ""),
]


@pytest.mark.parametrize(("language", "sentence"), SENTENCES)
def test_language_of_a_sentence(language: str, sentence: str):
    assert language_of(sentence) == language


@pytest.mark.parametrize("together", [1, 10, 500_000])
def test_many_at_once_are_as_each_alone(monkeypatch: pytest.MonkeyPatch, together: int):
    monkeypatch.setattr("wenlu.text.kinds._TOGETHER", together)
    sentences = [sentence for _, sentence in SENTENCES]
    assert [LANGUAGES[place] for place in languages_of(sentences)] == [language for language, _ in SENTENCES]
    assert languages_of([]).tolist() == []


def test_every_character_is_of_one_kind():
    text = "东東経人 とト Aａé Я한 7７ 。! ★€\ue000\U000e0100\ud800"
    counted = count_kinds([text, ""])
    assert counted.sum(axis=1).tolist() == [len(text), 0]
    expected = {HIRAGANA: 1, KATAKANA: 1, LATIN: 3, LETTER: 2, DIGIT: 2, PUNCTUATION: 2, SYMBOL: 5, NOTHING: 6}
    assert {kind: counted[0, kind] for kind in expected} == expected
    assert counted[0, HAN:].sum() == 4
