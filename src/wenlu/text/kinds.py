"""What kind each character of a text is, counted for many texts at once.

Of an ideograph the kind says whose everyday characters it is *not* among: those of GB 2312 (written in simplified
Chinese), of Big5's first level (traditional Chinese), of JIS X 0208's first level (Japanese). 东 is foreign to the
latter two, 東 to the first, 経 to both Chinese ones, 人 to none.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from wenlu.text.runs import runs

NOTHING, PUNCTUATION, SYMBOL, DIGIT, LATIN, LETTER, HIRAGANA, KATAKANA = range(8)
HAN = 8
"""The first of eight kinds of ideographs: `HAN | NOT_SIMPLIFIED | …`."""
NOT_SIMPLIFIED, NOT_TRADITIONAL, NOT_JAPANESE = 1, 2, 4
KINDS = 16
_UNSEEN = 255
_TOGETHER = 500_000  # characters, 30 bytes each while they are counted

_END = 0x34000  # no letter or ideograph lies behind: the planes after it hold marks and private use
_HAN = ((0x3005, 0x3007), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x33479))
_HIRAGANA = ((0x3041, 0x3096), (0x309D, 0x309F))
_KATAKANA = ((0x30A1, 0x30FA), (0x30FC, 0x30FF), (0x31F0, 0x31FF), (0xFF66, 0xFF9F))
_BY_CATEGORY = {"P": PUNCTUATION, "S": SYMBOL, "N": DIGIT, "L": LETTER, "C": SYMBOL, "M": NOTHING, "Z": NOTHING}


def count_kinds(texts: Sequence[str]) -> NDArray[np.int64]:
    """Of N texts how many characters of each kind they have [N, KINDS].

    >>> counts = count_kinds(["东京 Tokyo", "とうきょう。"])
    >>> counts[:, LATIN].tolist(), counts[:, HIRAGANA].tolist(), counts[:, HAN:].sum(axis=1).tolist()
    ([5, 0], [0, 5], [2, 0])
    """
    counts = [_counted(run) for run in runs(texts, characters=_TOGETHER)]
    return np.concatenate([np.empty((0, KINDS), dtype=np.int64), *counts])


def _counted(texts: Sequence[str]) -> NDArray[np.int64]:
    lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
    points = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), dtype="<u4")
    kinds = _kinds(np.minimum(points, _END))
    text = np.repeat(np.arange(len(texts)) * KINDS, lengths)
    return np.bincount(text + kinds, minlength=len(texts) * KINDS).reshape(-1, KINDS)


def _kinds(points: NDArray[np.uint32]) -> NDArray[np.uint8]:
    table = _table()
    kinds = table[points]
    new = np.unique(points[kinds == _UNSEEN])
    if new.size:  # of a hundred thousand characters a corpus has a few thousand
        table[new] = [_by_category(chr(point)) for point in new.tolist()]
        kinds = table[points]
    return kinds


@cache
def _table() -> NDArray[np.uint8]:
    """The kind of every code point up to `_END`, which stands for all behind it, once it has been seen."""
    table = np.full(_END + 1, _UNSEEN, dtype=np.uint8)
    for kind, ranges in ((HIRAGANA, _HIRAGANA), (KATAKANA, _KATAKANA), (HAN, _HAN)):
        for first, last in ranges:
            table[first : last + 1] = kind
    han = table == HAN
    for foreign, everyday in (
        (NOT_SIMPLIFIED, _everyday("gb2312", range(0xB0, 0xF8), range(0xA1, 0xFF))),
        (NOT_TRADITIONAL, _everyday("big5", range(0xA4, 0xC7), [*range(0x40, 0x7F), *range(0xA1, 0xFF)])),
        (NOT_JAPANESE, _everyday("euc_jp", range(0xB0, 0xD0), range(0xA1, 0xFF))),
    ):
        strange = han.copy()
        strange[[ord(character) for character in everyday]] = False
        table[strange] |= foreign
    return table


def _everyday(encoding: str, first: Sequence[int], second: Sequence[int]) -> Iterator[str]:
    """The ideographs whose two bytes are of these."""
    for pair in product(first, second):
        character = bytes(pair).decode(encoding, "ignore")
        if len(character) == 1 and unicodedata.category(character) == "Lo":
            yield character


def _by_category(character: str) -> int:
    category = unicodedata.category(character)
    if category[0] == "L" and unicodedata.name(character, "").startswith(("LATIN", "FULLWIDTH LATIN")):
        return LATIN
    return SYMBOL if category == "Co" else _BY_CATEGORY[category[0]]
