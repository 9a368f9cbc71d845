"""Repeated punctuation made shorter."""

from __future__ import annotations

import re

from wenlu.text.edits import Rewriter


class Punctuation(Rewriter):
    """A mark said several times is said once: ！！！ → ！, ？！？！ → ？！, 、、、 → 、, ～～ → ～.

    What trails off still does: full stops and dots are cut to three, …… and —— keep two.

    >>> Punctuation()("太好了！！！！等等。。。。。。真的？！？！")
    '太好了！等等。。。真的？！'
    """

    sign = re.compile("[！!？?，,、；;～~〜。．.｡…—―─]{2}")
    pattern = re.compile(
        r"([！!？?，,、；;～~〜])\1+"  # one mark again and again
        r"|([！!][？?]|[？?][！!])(?:\2)+"
        r"|([。．.｡])\3{3,}"
        r"|([…—―─])\4{2,}"
    )

    def replacement(self, match: re.Match[str]) -> str:
        once, pair, stop, trail = match.groups(default="")
        return once + pair + stop * 3 + trail * 2

    def __call__(self, text: str) -> str:
        # ！！？？ needs two looks: the pairs show once the runs are gone
        after = super().__call__(text)
        return text if after == text else self(after)
