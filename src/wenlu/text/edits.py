"""What a step did to a text: which stretches it replaced, and by what."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import ClassVar

# A stretch longer than this is one edit: difflib takes time by the square of it.
_LONGEST_COMPARED = 2_000


@dataclass(frozen=True, slots=True)
class Edit:
    """Characters `start` to `end` of a text became `new`. Edits of a text are in order and don't overlap."""

    start: int
    end: int
    new: str


class Rewriter:
    """A step that replaces what one pattern matches. A subclass names the pattern and the replacement."""

    pattern: ClassVar[re.Pattern[str]]
    sign: ClassVar[re.Pattern[str] | None] = None
    """A quick look: a text without it has nothing that `pattern` matches."""

    def replacement(self, match: re.Match[str]) -> str:
        raise TypeError(f"{type(self).__name__} names no replacement")

    def __call__(self, text: str) -> str:
        if self.sign and not self.sign.search(text):
            return text
        return self.pattern.sub(self.replacement, text)

    def edits(self, text: str) -> Iterator[Edit]:
        for match in self.pattern.finditer(text):
            yield Edit(match.start(), match.end(), self.replacement(match))


def edited(text: str, edits: Iterable[Edit]) -> str:
    """`text` with `edits` made.

    >>> edited("好！！", [Edit(1, 3, "！")])
    '好！'
    """
    parts: list[str] = []
    done = 0
    for edit in edits:
        parts += (text[done : edit.start], edit.new)
        done = edit.end
    return "".join(parts) + text[done:]


def letter_by_letter(before: str, after: str, *, offset: int = 0) -> Iterator[Edit]:
    """The edits between two texts of one length, a character each."""
    for place, (old, new) in enumerate(zip(before, after, strict=True), start=offset):
        if old != new:
            yield Edit(place, place + 1, new)


def compared(before: str, after: str) -> Iterator[Edit]:
    """Edits that make `after` of `before`, found by looking: for a step that can't tell what it did.

    Lines are compared one by one where there are as many of them on both sides.
    """
    old, new = before.split("\n"), after.split("\n")
    if len(old) != len(new):
        old, new = [before], [after]
    place = 0
    for was, became in zip(old, new, strict=True):
        yield from _between(was, became, offset=place)
        place += len(was) + 1


def _between(before: str, after: str, *, offset: int) -> Iterator[Edit]:
    if len(before) == len(after):
        yield from letter_by_letter(before, after, offset=offset)
        return
    head = _shared(before, after)
    tail = _shared(before[head:][::-1], after[head:][::-1])
    yield from _matched(before[head : len(before) - tail], after[head : len(after) - tail], offset=offset + head)


def _matched(before: str, after: str, *, offset: int) -> Iterator[Edit]:
    if max(len(before), len(after)) > _LONGEST_COMPARED:
        yield Edit(offset, offset + len(before), after)
        return
    for kind, start, end, first, last in SequenceMatcher(a=before, b=after, autojunk=False).get_opcodes():
        if kind == "replace" and end - start == last - first:
            yield from letter_by_letter(before[start:end], after[first:last], offset=offset + start)
        elif kind != "equal":
            yield Edit(offset + start, offset + end, after[first:last])


def _shared(one: str, other: str) -> int:
    """How many characters both begin with."""
    shortest = min(len(one), len(other))
    return next((place for place in range(shortest) if one[place] != other[place]), shortest)
