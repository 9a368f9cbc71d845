"""Texts some at a time, so that what is worked out of all their characters at once stays small."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate


def runs(texts: Sequence[str], *, characters: int) -> Iterator[Sequence[str]]:
    """The texts in order, as many at a time as begin within so many characters: a long one may stand alone.

    >>> list(runs(["一二三", "四", "五六七八", "九"], characters=4))
    [['一二三', '四'], ['五六七八'], ['九']]
    """
    start, bound = 0, characters
    for number, end in enumerate(accumulate(map(len, texts))):
        if end >= bound:
            yield texts[start : number + 1]
            start, bound = number + 1, end + characters
    if start < len(texts):
        yield texts[start:]
