"""Web addresses masked."""

from __future__ import annotations

import re

from wenlu.text.edits import Rewriter


class Urls(Rewriter):
    """Addresses that begin with http://, https://, ftp:// or www. become `<URL>`.

    An address is ASCII: the Chinese or Japanese that follows it without a space is text again, and so is the full
    stop at its end. Run it before `punctuation`, `repeats` and anything that cuts words.

    >>> Urls()("详见https://example.com/a?b=1。好")
    '详见<URL>。好'
    """

    pattern = re.compile(
        r"(?:(?:https?|ftp)://|(?<![a-z0-9.])www\.(?=[a-z0-9-]+\.))[!#$%&'()*+,\-./0-9:;=?@a-z\[\]_~]*[a-z0-9/_~#=&%+-]",
        re.ASCII | re.IGNORECASE,
    )

    def replacement(self, match: re.Match[str]) -> str:
        return "<URL>"

    def __call__(self, text: str) -> str:
        if "://" not in text and "." not in text:
            return text
        return super().__call__(text)
