"""A changed text that remembers where each of its characters came from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from wenlu.text.edits import Edit


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `start` to `end` of the original text."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Aligned:
    """Character `i` of `text` came from characters `starts[i]` to `ends[i]` of the original.

    Both lists never fall. Characters that came together, as `(株)` of ㈱, have the whole stretch each; a character
    that came of nothing has an empty one. What a step dropped is in no stretch.
    """

    text: str
    starts: list[int]
    ends: list[int]

    @classmethod
    def untouched(cls, text: str) -> Aligned:
        """Every character from itself."""
        return cls(text, list(range(len(text))), list(range(1, len(text) + 1)))

    def span(self, start: int, end: int) -> Span:
        """Where the characters `start` to `end` of `text` came from; an empty stretch where there are none.

        >>> Aligned.untouched("东京都").span(1, 3)
        Span(start=1, end=3)
        """
        if start < end:
            return Span(self.starts[start], self.ends[end - 1])
        place = self._gap(start)
        return Span(place, place)

    def after(self, edits: Iterable[Edit]) -> Aligned:
        """This text with `edits` made, which are in order and don't overlap."""
        parts: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        done = 0
        for edit in edits:
            span = self._origin(edit)
            parts += (self.text[done : edit.start], edit.new)
            starts += self.starts[done : edit.start] + [span.start] * len(edit.new)
            ends += self.ends[done : edit.start] + [span.end] * len(edit.new)
            done = edit.end
        return Aligned("".join(parts) + self.text[done:], starts + self.starts[done:], ends + self.ends[done:])

    def _origin(self, edit: Edit) -> Span:
        if edit.start < edit.end:
            return Span(self.starts[edit.start], self.ends[edit.end - 1])
        before, after = self._gap(edit.start), self._next(edit.start)
        return Span(min(before, after), max(before, after))

    def _gap(self, place: int) -> int:
        """Where the character before `place` ends in the original."""
        return self.ends[place - 1] if place else 0

    def _next(self, place: int) -> int:
        return self.starts[place] if place < len(self.starts) else self._gap(place)
