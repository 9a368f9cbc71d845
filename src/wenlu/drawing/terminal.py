"""Text for a terminal, where ideographs and kana are two columns wide."""

from __future__ import annotations

import unicodedata

_DIRECTIONS = (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_SHOWN = {code: 0x2400 + code for code in range(0x20)} | dict.fromkeys((*range(0x7F, 0xA0), *_DIRECTIONS), 0xFFFD)


def shown(text: str) -> str:
    """`text` on one line, its control characters as pictures: a terminal would obey them.

    >>> shown("\\x1b[31m好")
    '␛[31m好'
    """
    return text.translate(_SHOWN)


def columns(text: str) -> int:
    """How many columns a terminal draws `text` in.

    >>> columns("abc"), columns("好评"), columns("が")
    (3, 4, 2)
    """
    return sum(_width(character) for character in text)


def padded(text: str, width: int) -> str:
    """`text` on exactly `width` columns, cut with … where it is longer.

    >>> padded("好评", 6), padded("好评如潮", 6)
    ('好评  ', '好评… ')
    """
    if columns(text) > width:
        text = _cut(text, width - 1) + "…"
    return text + " " * (width - columns(text))


def meter(share: float, width: int) -> str:
    """A share from 0 to 1 as a bar.

    >>> meter(0.5, 8)
    '━━━━────'
    """
    filled = min(width, round(share * width))
    return "━" * filled + "─" * (width - filled)


def _cut(text: str, width: int) -> str:
    taken = 0
    for place, character in enumerate(text):
        taken += _width(character)
        if taken > width:
            return text[:place]
    return text


def _width(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
