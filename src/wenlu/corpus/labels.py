"""What is true of a text: a name out of a few, or a number. Both pass through an import as 32 bits.

A name gets a number at its first appearance. A number is kept as a float of 32 bits, and its bits are what passes, so
that a million different targets take no more memory than two labels; -1 means nothing in both, since those bits are
none of a finite number.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

import numpy as np
import pyarrow as pa
from msgspec.structs import replace
from numpy.typing import NDArray

from wenlu.base.records import Dropped, Text
from wenlu.corpus.settings import Target

_NOTHING = -1
_LARGEST = float(np.finfo(np.float32).max)


class Labels(Protocol):
    """Words into numbers and back."""

    def number(self, label: str | None) -> int:
        """32 bits for a label; -1 for none."""

    def words(self, numbers: NDArray[np.int32]) -> pa.Array:
        """The labels of these numbers, null for -1."""


class Names:
    """Labels that are names."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, label: str | None) -> int:
        return _NOTHING if label is None else self._numbers.setdefault(label, len(self._numbers))

    def words(self, numbers: NDArray[np.int32]) -> pa.Array:
        return pa.array(list(self._numbers), pa.string()).take(pa.array(numbers, mask=numbers < 0))


class Numbers:
    """Labels that are numbers, as `numbered` has written them."""

    def number(self, label: str | None) -> int:
        return _NOTHING if label is None else int(np.float32(label).view(np.int32))

    def words(self, numbers: NDArray[np.int32]) -> pa.Array:
        return pa.array([None if bits == _NOTHING else str(value) for bits, value in
                         zip(numbers, numbers.view(np.float32), strict=True)], pa.string())  # fmt: skip


def labels_of(target: Target) -> Labels:
    """Of a dataset whose labels are such."""
    return Numbers() if target == "number" else Names()


def numbered(texts: Iterable[Text | Dropped]) -> Iterator[Text | Dropped]:
    """The same with every label written as 32 bits hold it; a text without a finite number is refused."""
    for text in texts:
        number = None if isinstance(text, Dropped) else _number(text.label)
        if isinstance(text, Dropped):
            yield text
        elif number is None:
            yield Dropped(text, "no_number")
        else:
            yield replace(text, label=number)


def _number(label: str | None) -> str | None:
    """
    >>> _number("2.40"), _number("1e3"), _number("-0"), _number("nan"), _number("1e99"), _number("好")
    ('2.4', '1000.0', '0.0', None, None, None)
    """
    try:
        number = float(label or "")
    except ValueError:
        return None
    if not abs(number) <= _LARGEST:  # nor is NaN
        return None
    return str(np.float32(number) + np.float32(0))  # which makes 0 of -0
