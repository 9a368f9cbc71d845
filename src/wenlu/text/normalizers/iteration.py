"""Japanese iteration marks written out."""

from __future__ import annotations

import re
import unicodedata

from wenlu.text.edits import Rewriter

_KANJI = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff〆ヶ]+")
_KANA = re.compile(r"[ぁ-ゖァ-ヺー]+")
_VOICE = "\u3099"


class Iteration(Rewriter):
    """々 ゝ ゞ ヽ ヾ and 〱 〲 (or 〳〵 〴〵) become what they repeat. Where nothing can be repeated they stay.

    々 repeats a kanji and 々々 two of them; ゝ is always unvoiced and ゞ voiced; the long marks repeat two kana, which
    is what they mostly stand for. Names are written out as well: 佐々木 → 佐佐木.

    >>> Iteration()("時々こゝろ、いすゞ。馬鹿々々しい、いろ〳〵、しみ〴〵")
    '時時こころ、いすず。馬鹿馬鹿しい、いろいろ、しみじみ'
    """

    sign = re.compile("[々ゝゞヽヾ〱-〴]")
    pattern = re.compile("々+|[ゝゞ]+|[ヽヾ]+|[〱〲]|[〳〴]〵")

    def replacement(self, match: re.Match[str]) -> str:
        before = match.string[max(0, match.start() - len(match[0])) : match.start()]
        if match[0][0] == "々":
            return _kanji(before, match[0])
        if match[0][0] in "ゝゞヽヾ":
            return _kana(before[-1:], match[0])
        return _stretch(match.string[max(0, match.start() - 2) : match.start()], match[0])


def _kanji(before: str, marks: str) -> str:
    if _KANJI.fullmatch(before) and len(before) == len(marks):
        return before
    return before[-1] * len(marks) if _KANJI.fullmatch(before[-1:]) else marks


def _kana(letter: str, marks: str) -> str:
    if not _KANA.fullmatch(letter) or letter == "ー":
        return marks
    return "".join(_voiced(letter) if mark in "ゞヾ" else _unvoiced(letter) for mark in marks)


def _stretch(before: str, mark: str) -> str:
    if len(before) < 2 or not _KANA.fullmatch(before):
        return mark
    return (_voiced(before[0]) if mark[0] in "〲〴" else before[0]) + before[1]


def _unvoiced(letter: str) -> str:
    return unicodedata.normalize("NFD", letter)[0]


def _voiced(letter: str) -> str:
    voiced = unicodedata.normalize("NFC", _unvoiced(letter) + _VOICE)
    return voiced if len(voiced) == 1 else letter  # あ has no voiced form
