"""Half-width kana widened."""

from __future__ import annotations

import re
import unicodedata

from wenlu.text.edits import Rewriter


class Kana(Rewriter):
    """Half-width katakana and its marks become full-width, and nothing else changes: ｶﾞﾗｽ｡ → ガラス。, ① stays ①.

    A half-width voicing mark joins the kana before it, of either width; alone it becomes ゛ or ゜.

    >>> Kana()("ﾊﾝｶｸのｶﾞｷﾞ｡ＡＢＣ①")
    'ハンカクのガギ。ＡＢＣ①'
    """

    pattern = re.compile("[うか-とは-ほウカ-トハ-ホワ-ヲ]?[｡-ﾟ]+")

    def replacement(self, match: re.Match[str]) -> str:
        return unicodedata.normalize("NFKC", match[0]).replace("\u3099", "゛").replace("\u309a", "゜")
