"""Texts that are mostly not words."""

from __future__ import annotations

import re

from wenlu.base.spec import Field, Spec

_WORDS = re.compile(r"[^\W_]+")


class Symbols:
    """Refuses as `symbols` what has too many characters that are neither letters, ideographs, kana nor digits.

    >>> refuse = Symbols(Symbols.Config())
    >>> [refuse("很好吃！！"), refuse("★☆★☆★☆ 好 ☆★☆★")]
    ['', 'symbols']
    """

    class Config(Spec):
        most: float = Field(0.5, ge=0, le=1, description="Share of characters that may be symbols; spaces do not count")

    def __init__(self, config: Config) -> None:
        self._most = config.most

    def __call__(self, body: str) -> str:
        seen = len(body) - body.count(" ") - body.count("\n")
        words = sum(map(len, _WORDS.findall(body)))
        return "symbols" if seen - words > seen * self._most else ""
