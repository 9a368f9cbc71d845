"""Text out of HTML."""

from __future__ import annotations

import re
from html import unescape
from html.entities import html5

from wenlu.text.edits import Rewriter

_BLOCKS = frozenset(
    re.findall(
        r"\w+",
        "address article aside blockquote br caption center dd div dl dt fieldset figcaption figure footer form h1 h2 "
        "h3 h4 h5 h6 header hr legend li main nav ol option p pre section table tbody tfoot thead title tr ul",
    )
)
_CELLS = frozenset({"td", "th"})
_ROUNDS = 8

# Nothing here looks past the next `<`, and what is never closed goes to the end of the text, as in a browser: time
# grows with the length alone, whatever is written.
_MARKUP = re.compile(
    r"""
      <!--.*?(?:-->|\Z)
    | <(?P<raw>script|style)(?:[\s/][^<>]*+)?>.*?(?:</(?P=raw)\s*>|\Z)
    | <[!?][a-z\[][^<>]*+>
    | <(?!(?:url|email|phone)>)/?(?P<tag>[a-z][a-z0-9:-]*+)(?:[\s/][^<>]*+)?>
    | &(?:amp;|\#0*38;|\#x0*26;)*+(?:(?:\#(?:\d{1,7}|x[0-9a-f]{1,6})|(?P<entity>[a-z][a-z0-9]{1,31}));)?
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_ESCAPED = re.compile(r"&(?:amp;|#0*38;|#x0*26;)+", re.IGNORECASE)


class Html(Rewriter):
    r"""Tags go, entities become their characters; blocks end lines, scripts, styles and comments go whole.

    A tag begins with a letter right after `<`, so `3 < 5` stays, and so do the masks `<URL>`, `<EMAIL>`, `<PHONE>`.
    Markup that was escaped, once or often, is markup too and goes.

    >>> Html()("<p>质量&nbsp;<b>好</b>，3 < 5<br/>下次还买</p>")
    '\n质量\xa0好，3 < 5\n下次还买\n'
    """

    pattern = _MARKUP

    def replacement(self, match: re.Match[str]) -> str:
        if match[0].startswith("&"):
            return _character(match)
        name = (match["tag"] or "").lower()
        return "\n" if name in _BLOCKS else " " if name in _CELLS else ""

    def __call__(self, text: str) -> str:
        if "<" not in text and "&" not in text:
            return text
        for _ in range(_ROUNDS):
            before, text = text, super().__call__(text)
            if text == before:
                return text
        return text.replace("<", "").replace("&", "")  # nested deeper than anyone writes: nothing is left to nest


def _character(match: re.Match[str]) -> str:
    entity = _ESCAPED.sub("&", match[0])
    if match["entity"] and match["entity"] + ";" not in html5:
        return entity
    return unescape(entity)
