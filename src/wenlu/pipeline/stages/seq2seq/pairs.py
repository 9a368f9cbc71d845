"""What of a dataset's texts is a source, and what is its target."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from wenlu.base.errors import WenluError
from wenlu.corpus.readers.fields import SEPARATOR
from wenlu.corpus.version import DatasetVersion

_SHOWN = 20


class Pair(NamedTuple):
    """A text, and the one it should become."""

    source: str
    target: str


class Halves(DatasetVersion):
    """A dataset of pairs read as twice as many texts: each source, and behind it its target.

    Raises WenluError `no_pairs` where a text has not two parts.
    """

    @classmethod
    def of(cls, dataset: DatasetVersion) -> Halves:
        return cls(dataset.folder, dataset.manifest)

    def count(self, split: str) -> int:
        return 2 * super().count(split)

    def bodies(self, split: str) -> Iterator[str]:
        for body in super().bodies(split):
            yield from halves(body)

    def rows(self, split: str) -> Iterator[tuple[str, str | None]]:
        return ((body, None) for body in self.bodies(split))


def halves(body: str) -> Pair:
    """The source and the target that a text of a dataset is; raises WenluError `no_pairs` for one of other parts.

    >>> halves("学而时习之␞学了又时常温习")
    Pair(source='学而时习之', target='学了又时常温习')
    """
    parts = body.split(SEPARATOR)
    if len(parts) != 2:
        raise WenluError(
            "no_pairs",
            f"“{body[:_SHOWN]}” is no pair of a text and the one it should become.",
            hint="Name both columns, text_column: [source, target], or read a bitext or titled files; where each text "
            "is its own target, task: autoencode.",
        )
    return Pair(parts[0].strip(), parts[1].strip())


def itself(body: str) -> Pair:
    """A text that is its own target."""
    return Pair(body, body)
