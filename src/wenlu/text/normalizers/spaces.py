"""White space made one kind."""

from __future__ import annotations

import re
from collections.abc import Iterator

from wenlu.text.edits import Edit

# Controls, zero-width marks and byte-order marks carry no meaning in running text. U+200D stays: it joins emoji.
NOTHING = "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u200b\u200c\u200e\u200f\u2060\ufeff\u202a-\u202e"
_INVISIBLE = re.compile(f"[{NOTHING}]")
_SPACES = re.compile(r"\s+")
_RUN = re.compile(rf"[\s{NOTHING}]+")


class Spaces:
    r"""Every run of white space is one space, none at the ends; control and zero-width characters go.

    >>> Spaces()("  好\t\n\u200b评　！ ")
    '好 评 ！'
    """

    def __call__(self, text: str) -> str:
        if text.isprintable() and "  " not in text:  # the space is the only printable white space
            return text.strip(" ")
        return _SPACES.sub(" ", _INVISIBLE.sub("", text)).strip()

    def many(self, texts: list[str]) -> list[str]:
        joined = "".join(texts)
        if any(separator in joined for separator in "\x1c\x1d\x1e\x1f"):  # white space to `split`, nothing here
            return list(map(self, texts))
        spaced = [" ".join(text.split()) for text in texts]
        return [text if text.isprintable() else self(text) for text in spaced]

    def edits(self, text: str) -> Iterator[Edit]:
        for match in _RUN.finditer(text):
            outside = match.start() == 0 or match.end() == len(text)
            new = " " if _INVISIBLE.sub("", match[0]) and not outside else ""
            if new != match[0]:
                yield Edit(match.start(), match.end(), new)
