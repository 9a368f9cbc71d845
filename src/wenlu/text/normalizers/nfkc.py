"""Compatibility forms made one."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from wenlu.text.edits import Edit

# `normalize` takes a text that is normal already many times as fast, and these are nearly all that is not normal in
# Chinese and Japanese texts.
_COMMON = [(wide, unicodedata.normalize("NFKC", wide)) for wide in "，　…！？：；（）～｜［］＃"]


class Nfkc:
    """Unicode NFKC (UAX 15): full-width ＡＢＣ１２３ → ABC123, half-width ｶﾞ → ガ, ㈱ → (株).

    It writes … as ... and ： as :, so steps that look for these come before it or know both.

    >>> Nfkc()("ＡＢＣ　１２３ ｶﾞｷﾞ")
    'ABC 123 ガギ'
    """

    def __call__(self, text: str) -> str:
        if unicodedata.is_normalized("NFKC", text):
            return text
        for wide, narrow in _COMMON:
            text = text.replace(wide, narrow)
        # a line feed joins nothing, so each line is alone: one ㈱ in a book costs a line, not the book
        return "\n".join([unicodedata.normalize("NFKC", line) for line in text.split("\n")])

    def many(self, texts: list[str]) -> list[str]:
        joined = "\n".join(texts)
        if unicodedata.is_normalized("NFKC", joined):
            return texts
        for wide, narrow in _COMMON:
            joined = joined.replace(wide, narrow)
        lines = joined.split("\n")
        if len(lines) != len(texts):
            return list(map(self, texts))
        return [unicodedata.normalize("NFKC", line) for line in lines]

    def edits(self, text: str) -> Iterator[Edit]:
        start = 0
        for end in range(1, len(text) + 1):
            if end == len(text) or _apart(text[start:end], text[end]):
                new = self(text[start:end])
                if new != text[start:end]:
                    yield Edit(start, end, new)
                start = end


def _apart(before: str, character: str) -> bool:
    """Whether `character` begins anew: it neither joins what is before nor moves into it."""
    if character.isascii():
        return True
    if unicodedata.combining(unicodedata.normalize("NFKD", character)[0]):
        return False
    alone = unicodedata.normalize("NFKC", before) + unicodedata.normalize("NFKC", character)
    return unicodedata.normalize("NFKC", before + character) == alone
