"""Mail addresses masked."""

from __future__ import annotations

import re

from wenlu.text.edits import Rewriter


class Emails(Rewriter):
    """Mail addresses become `<EMAIL>`.

    >>> Emails()("联系support@example.co.jp谢谢")
    '联系<EMAIL>谢谢'
    """

    # The look behind lets a try begin only where a name begins, which keeps the time linear.
    pattern = re.compile(
        r"(?<![a-z0-9._%+-])[a-z0-9._%+-]{1,64}+[@＠](?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,24}(?![a-z0-9])",
        re.ASCII | re.IGNORECASE,
    )

    def replacement(self, match: re.Match[str]) -> str:
        return "<EMAIL>"

    def __call__(self, text: str) -> str:
        if "@" not in text and "＠" not in text:
            return text
        return super().__call__(text)
