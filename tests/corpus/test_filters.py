from __future__ import annotations

from typing import Any

import pytest

from wenlu.base.errors import WenluError
from wenlu.corpus.clean import Clean
from wenlu.corpus.settings import CleanConfig

KEPT = [
    "送餐太慢了，等了一个多小时，菜都凉了，下次不会再点了。",
    "この商品はとても良かったです。また買いたいと思います。",
    "哈哈哈哈哈哈，太好笑了，这部电影值得一看！！！",
]


@pytest.mark.parametrize(
    ("filter", "body", "reason"),
    [
        ("symbols", "★☆★☆★☆ 好 ☆★☆★", "symbols"),
        ("symbols", "(^_^)/~~ ＼(^o^)／ 良い", "symbols"),
        ({"name": "symbols", "most": 0.1}, "好，好，好", "symbols"),
        ("repetition", "好评" * 20, "repetition"),
        ("repetition", "とても良い。" * 20, "repetition"),
        ({"name": "language", "keep": ["zh-Hans", "han"]}, "この商品はとても良かったです。", "other_language"),
        ({"name": "language", "keep": ["ja", "han"]}, "送餐太慢了，菜都凉了", "other_language"),
        ("language", "The food was cold.", "other_language"),
    ],
)
def test_a_filter_says_why(filter: str | dict[str, Any], body: str, reason: str):
    assert Clean(CleanConfig(filters=[filter])).reason(body) == reason


@pytest.mark.parametrize("body", KEPT)
def test_filters_keep_real_sentences(body: str):
    assert Clean(CleanConfig(filters=["symbols", "repetition", "language"])).reason(body) == ""


def test_settings_of_a_filter_are_checked():
    with pytest.raises(WenluError, match="keep"):
        Clean(CleanConfig(filters=[{"name": "language", "keep": ["latin"]}]))
    with pytest.raises(WenluError, match="languages"):
        Clean(CleanConfig(filters=["languages"]))
