"""Aozora Bunko's notation taken out of its works."""

from __future__ import annotations

import re

from wenlu.text.edits import Rewriter

# Each form is also known after NFKC, which turns ｜［＃］：into their ASCII twins. Nothing nests deeper than one level
# and possessive runs don't try again, so the time grows with the length alone.
_NOTE = r"[［\[][＃#](?:[^［\[］\]]|[［\[][^［\[］\]]*+[］\]])*+[］\]]"
_LINE = r"(?<!-)-{5,}+"
_PATTERN = re.compile(
    rf"""
      {_LINE}\s*+【テキスト中に現れる記号について】.*?{_LINE}\s*+  # how to read the marks, after the title
    | (?:\A|[\r\n])[ \t　]*+底本[：:].*\Z                         # which book it was typed from, at the end
    | ※(?P<gaiji>{_NOTE})                                         # a character that Shift_JIS doesn't have
    | {_NOTE}
    | (?P<mark>[｜|])(?=[^｜|《》\n]{{1,200}}《)                     # where the word under a reading begins
    | (?<=[^\s《])《[^《》\n]*+》                                   # the reading
    """,
    re.VERBOSE | re.DOTALL,
)
_CODE_POINT = re.compile(r"[UＵ][+＋]([0-9A-Fa-f]{4,6})")
_KUTEN = re.compile(r"(?<![0-9-])([12])-([0-9]{1,2})-([0-9]{1,2})(?![0-9-])")
_UNKNOWN = "〓"


class Aozora(Rewriter):
    """Plain text of a work of Aozora Bunko: readings 《…》, notes ［＃…］, the key to the marks and the colophon go.

    A character described by a note becomes itself where the note names its code point (U+6DF8) or its place in
    JIS X 0213 (1-84-77), else 〓. Source: https://www.aozora.gr.jp/annotation/. The first of the steps: it needs lines.

    >>> Aozora()("｜青空《あおぞら》の下で※［＃「てへん＋劣」、第3水準1-84-77］る［＃「る」に傍点］")
    '青空の下で挘る'
    """

    pattern = _PATTERN
    sign = re.compile("[《｜|＃#※]|底本")

    def replacement(self, match: re.Match[str]) -> str:
        return _character(match["gaiji"]) if match["gaiji"] else ""


def _character(note: str) -> str:
    if code := _CODE_POINT.search(note):
        return _by_code_point(int(code[1], 16))
    if place := _KUTEN.search(note):
        return _by_place(*map(int, place.groups()))
    return _UNKNOWN


def _by_code_point(number: int) -> str:
    surrogate = 0xD800 <= number <= 0xDFFF
    return chr(number) if number <= 0x10FFFF and not surrogate else _UNKNOWN


def _by_place(plane: int, row: int, cell: int) -> str:
    """The character of JIS X 0213 there: plane 2 has the prefix byte 8F in EUC."""
    if not (1 <= row <= 94 and 1 <= cell <= 94):
        return _UNKNOWN
    code = bytes([0x8F] * (plane == 2) + [0xA0 + row, 0xA0 + cell])
    return code.decode("euc_jis_2004", errors="replace").replace("\ufffd", _UNKNOWN)
