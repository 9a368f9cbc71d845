"""Spellings of the same text made one: width, compatibility forms, spaces, case."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence

from wenlu.base.table import Table

NORMALIZERS = Table(
    "normalizer",
    {
        "nfkc": "wenlu.text.normalize:nfkc",
        "spaces": "wenlu.text.normalize:spaces",
        "lower": "wenlu.text.normalize:lower",
    },
)

_SPACES = re.compile(r"\s+")
# Controls, zero-width marks and byte-order marks carry no meaning in running text. U+200D stays: it joins emoji.
_INVISIBLE = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u200b\u200c\u200e\u200f\u2060\ufeff\u202a-\u202e]")
_ROUNDS = 8


def nfkc(text: str) -> str:
    """Unicode NFKC (UAX 15): full-width ＡＢＣ１２３ → ABC123, half-width ｶﾞ → ガ, ㈱ → (株).

    >>> nfkc("ＡＢＣ　１２３ ｶﾞｷﾞ")
    'ABC 123 ガギ'
    """
    return unicodedata.normalize("NFKC", text)


def spaces(text: str) -> str:
    r"""Every run of white space is one space, none at the ends; control and zero-width characters go.

    >>> spaces("  好\t\n\u200b评　！ ")
    '好 评 ！'
    """
    return _SPACES.sub(" ", _INVISIBLE.sub("", text)).strip()


def lower(text: str) -> str:
    """Lower case."""
    return text.lower()


class Normalizer:
    """Named steps applied in order, again until nothing changes, so that a normalised text stays as it is."""

    def __init__(self, steps: Sequence[str]) -> None:
        self.steps = tuple(steps)
        self._functions: list[Callable[[str], str]] = [NORMALIZERS[step] for step in steps]

    def __call__(self, text: str) -> str:
        for _ in range(_ROUNDS):
            before = text
            for step in self._functions:
                text = step(text)
            if text == before:
                break
        return text
