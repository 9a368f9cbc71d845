"""Case made one."""

from __future__ import annotations

from collections.abc import Iterator

from wenlu.text.edits import Edit


class Lower:
    """Lower case.

    >>> Lower()("iPhoneを買った")
    'iphoneを買った'
    """

    def __call__(self, text: str) -> str:
        return text.lower()

    def many(self, texts: list[str]) -> list[str]:
        lowered = "\n".join(texts).lower().split("\n")
        return lowered if len(lowered) == len(texts) else list(map(self, texts))

    def edits(self, text: str) -> Iterator[Edit]:
        lowered, done = text.lower(), 0
        for place, letter in enumerate(text):
            new = lowered[done : done + len(letter.lower())]  # a Greek Σ looks at its neighbours, its length doesn't
            done += len(new)
            if new != letter:
                yield Edit(place, place + 1, new)
