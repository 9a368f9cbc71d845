"""Spellings of the same text made one: named steps in order, and where each character came from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import compress, cycle, islice
from operator import ne
from typing import Protocol

from wenlu.base.errors import WenluError
from wenlu.base.table import Table
from wenlu.text.aligned import Aligned
from wenlu.text.edits import Edit, compared

NORMALIZERS = Table(
    "normalizer",
    {
        "aozora": "wenlu.text.normalizers.aozora:Aozora",
        "emails": "wenlu.text.normalizers.emails:Emails",
        "html": "wenlu.text.normalizers.html:Html",
        "iteration": "wenlu.text.normalizers.iteration:Iteration",
        "kana": "wenlu.text.normalizers.kana:Kana",
        "lower": "wenlu.text.normalizers.lower:Lower",
        "nfkc": "wenlu.text.normalizers.nfkc:Nfkc",
        "phones": "wenlu.text.normalizers.phones:Phones",
        "punctuation": "wenlu.text.normalizers.punctuation:Punctuation",
        "repeats": "wenlu.text.normalizers.repeats:Repeats",
        "simplified": "wenlu.text.normalizers.simplified:Simplified",
        "spaces": "wenlu.text.normalizers.spaces:Spaces",
        "traditional": "wenlu.text.normalizers.traditional:Traditional",
        "urls": "wenlu.text.normalizers.urls:Urls",
    },
)

_ROUNDS = 8
_OPPOSITES = {"simplified", "traditional"}


class Step(Protocol):
    """One change of spelling. Rows are classes, made without settings once for each Normalizer.

    A row may have `many(texts)` beside: `__call__` of each, sooner.
    """

    def __call__(self, text: str) -> str: ...

    def edits(self, text: str) -> Iterable[Edit]:
        """What `__call__` does to `text`. Where the two don't agree, `__call__` is right and the texts are compared."""


class Normalizer:
    """Named steps applied in order, again until nothing changes, so that a normalised text stays as it is.

    Raises WenluError `unknown_normalizer` for a step that isn't there, `bad_settings` for steps that undo each other,
    `missing_package` for one whose package isn't installed.
    """

    def __init__(self, steps: Sequence[str]) -> None:
        if set(steps) >= _OPPOSITES:
            raise WenluError(
                "bad_settings",
                "The normalisers 'simplified' and 'traditional' undo each other.",
                hint="Keep one of them.",
            )
        self.steps = tuple(steps)
        self._rows: list[Step] = [NORMALIZERS[step]() for step in steps]

    def __call__(self, text: str) -> str:
        idle = 0
        for row in self._rounds():
            changed = row(text)
            idle = 0 if changed != text else idle + 1
            text = changed
            if idle == len(self._rows):
                break
        return text

    def many(self, texts: Sequence[str]) -> list[str]:
        """A call for each text, sooner."""
        done = list(texts)
        waiting = list(range(len(done)))
        for _ in range(_ROUNDS):
            before = [done[place] for place in waiting]
            after = self._round(before)
            changed = list(map(ne, before, after))
            waiting = list(compress(waiting, changed))
            for place, text in zip(waiting, compress(after, changed), strict=True):
                done[place] = text
            if not waiting:
                break
        return done

    def _round(self, texts: list[str]) -> list[str]:
        """Every step once."""
        for row in self._rows:
            together: Callable[[list[str]], list[str]] | None = getattr(row, "many", None)
            texts = together(texts) if together else list(map(row, texts))
        return texts

    def aligned(self, text: str) -> Aligned:
        """The same text as a call gives, with the place in `text` of each character. Slower than a call."""
        return self.follow(Aligned.untouched(text))

    def follow(self, aligned: Aligned) -> Aligned:
        """`aligned` after this normaliser too; places are still those of the first text."""
        idle = 0
        for row in self._rounds():
            changed = _step(row, aligned)
            idle = 0 if changed.text != aligned.text else idle + 1
            aligned = changed
            if idle == len(self._rows):
                break
        return aligned

    def _rounds(self) -> Iterable[Step]:
        """The steps in turn. Once each of them has left the text alone, nothing will change any more."""
        return islice(cycle(self._rows), _ROUNDS * len(self._rows))


def _step(row: Step, aligned: Aligned) -> Aligned:
    changed = row(aligned.text)
    if changed == aligned.text:
        return aligned
    after = aligned
    for _ in range(_ROUNDS):  # some steps look at a text more than once
        after = after.after(row.edits(after.text))
        if after.text == changed:
            return after
    return aligned.after(compared(aligned.text, changed))
