"""Telephone numbers masked."""

from __future__ import annotations

import re

from wenlu.text.edits import Rewriter

_DASH = "[-－‐−ー]"


class Phones(Rewriter):
    """Chinese and Japanese telephone numbers become `<PHONE>`; digits of any width.

    Mobile numbers are known without dashes, others by them. A number inside longer digits or letters (of an order, a
    product), a date and an amount of money stay.

    >>> Phones()("电话13800138000，或03-1234-5678。订单2013800138000123，2024-01-02")
    '电话<PHONE>，或<PHONE>。订单2013800138000123，2024-01-02'
    """

    sign = re.compile(r"\d\d\d")
    pattern = re.compile(
        rf"""
        (?=[\d+＋(（])  # first, because it is the quickest to fail
        (?<![\da-zA-Z.+＋]) (?<!\d[-－‐−ー])
        (?:
            (?:[+＋]?(?:86|８６){_DASH}?\ ?)? [1１][3-9３-９]\d (?:\ \d{{4}}\ \d{{4}} | {_DASH}?\d{{4}}{_DASH}?\d{{4}})
          | (?:[+＋](?:86|８６)[-－\ ]?)? [0０]?[1-9１-９]\d{{1,2}} {_DASH} \d{{8}}
          | [0０]\d{{2,3}} {_DASH} \d{{7,8}}
          | [48４８][0０][0０] {_DASH} \d{{3,4}} {_DASH} \d{{3,4}}
          | [+＋](?:81|８１) [-－\ ]? \d{{1,4}} [-－\ ]? \d{{1,4}} [-－\ ]? \d{{4}}
          | [0０]\d{{1,4}} {_DASH} \d{{1,4}} {_DASH} \d{{3,4}}
          | [(（][0０]\d{{1,4}}[)）] \ ? \d{{1,4}} {_DASH} \d{{4}}
          | [(（][0０]\d{{2,3}}[)）] \ ? \d{{7,8}}
          | [0０][789７８９][0０]\d{{8}}
        )
        (?![\da-zA-Z] | [-－‐−.．]\d | \ ?[元円￥])
        """,
        re.VERBOSE,
    )

    def replacement(self, match: re.Match[str]) -> str:
        return "<PHONE>"
