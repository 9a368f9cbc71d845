"""What the two scripts of Chinese share: a conversion by OpenCC."""

from __future__ import annotations

import re
from collections.abc import Iterator

from wenlu.base.errors import missing_package
from wenlu.text.edits import Edit, compared

_SURROGATES = re.compile("([\ud800-\udfff]+)")


class Conversion:
    """One of OpenCC's conversions, word by word by its dictionaries. Its converter takes calls from many threads."""

    def __init__(self, name: str) -> None:
        try:
            import opencc  # belongs to an optional extra
        except ImportError:
            raise missing_package("opencc", extra="zh") from None
        self._converter = opencc.OpenCC(name)

    def __call__(self, text: str) -> str:
        if text.isascii():
            return text
        try:
            converted: str = self._converter.convert(text)
        except UnicodeEncodeError:  # half of a surrogate pair has no UTF-8, so it stays as it is
            return "".join(part if _SURROGATES.match(part) else self(part) for part in _SURROGATES.split(text))
        return converted

    def edits(self, text: str) -> Iterator[Edit]:
        """OpenCC doesn't say what it did; it seldom changes the length."""
        return compared(text, self(text))
