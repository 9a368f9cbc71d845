"""Simplified characters made traditional."""

from __future__ import annotations

from wenlu.text.normalizers.chinese import Conversion


class Traditional(Conversion):
    """Simplified Chinese → traditional by OpenCC (s2t), which tells 头发 (頭髮) from 发财 (發財). Not for Japanese.

    >>> Traditional()("头发发财")
    '頭髮發財'
    """

    def __init__(self) -> None:
        super().__init__("s2t")
