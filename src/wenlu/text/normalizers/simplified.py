"""Traditional characters made simplified."""

from __future__ import annotations

from wenlu.text.normalizers.chinese import Conversion


class Simplified(Conversion):
    """Traditional Chinese → simplified by OpenCC (t2s): 質量很差 → 质量很差. Not for Japanese: 発 stays, 質 doesn't.

    >>> Simplified()("頭髮乾淨")
    '头发干净'
    """

    def __init__(self) -> None:
        super().__init__("t2s")
