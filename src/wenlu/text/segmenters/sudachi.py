"""Japanese words by Sudachi."""

from __future__ import annotations

import re
from itertools import chain
from typing import Literal

from wenlu.base.errors import missing_package
from wenlu.base.spec import Field, Spec
from wenlu.text.segment import version_of

# Sudachi refuses more than 49,149 bytes of UTF-8; a character takes at most four.
_LONGEST = 12_000
_PARTS = re.compile(r"[^。！？!?\n]*[。！？!?\n]?", re.DOTALL)


class Sudachi:
    """Surface forms of Sudachi's morphemes. A text of any length: it is cut at sentence ends first if it is long."""

    class Config(Spec):
        mode: Literal["A", "B", "C"] = Field("C", description="A: short units, B: middle, C: named entities kept whole")

    def __init__(self, config: Config) -> None:
        try:
            from sudachipy import Dictionary, SplitMode  # belongs to an optional extra
        except ImportError:
            raise missing_package("sudachipy", extra="ja") from None
        mode = {"A": SplitMode.A, "B": SplitMode.B, "C": SplitMode.C}[config.mode]
        self._tokenizer = Dictionary(dict="core").tokenizer(mode=mode)
        self.version = version_of("sudachipy", "sudachidict-core")

    def __call__(self, text: str) -> list[str]:
        if len(text) <= _LONGEST:
            return self._cut(text)
        return list(chain.from_iterable(self._cut(part) for part in _parts(text)))

    def _cut(self, text: str) -> list[str]:
        return [morpheme.surface() for morpheme in self._tokenizer.tokenize(text)]


def _parts(text: str) -> list[str]:
    """`text` in pieces of at most `_LONGEST` characters, at sentence ends where there are any."""
    parts: list[str] = []
    for sentence in _PARTS.findall(text):
        for start in range(0, len(sentence), _LONGEST):
            piece = sentence[start : start + _LONGEST]
            if parts and len(parts[-1]) + len(piece) <= _LONGEST:
                parts[-1] += piece
            else:
                parts.append(piece)
    return parts
