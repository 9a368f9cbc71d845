"""Long runs of one character capped."""

from __future__ import annotations

import re

from wenlu.text.edits import Rewriter


class Repeats(Rewriter):
    """A character written more than three times in a row is written three times; digits and spaces stay.

    >>> Repeats()("哈哈哈哈哈哈 wwwwww すごーーーーい 100000円")
    '哈哈哈 www すごーーーい 100000円'
    """

    pattern = re.compile(r"([^\s\d〇○])\1{3,}")

    def replacement(self, match: re.Match[str]) -> str:
        return match[1] * 3
