"""How the numbers of a dataset are spread."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import numpy as np
from numpy.typing import NDArray

from wenlu.corpus.settings import SPLITS
from wenlu.corpus.version import DatasetVersion
from wenlu.drawing.charts import round_range

Floats = NDArray[np.float64]

_BARS = 12  # about as many


class Targets(msgspec.Struct, frozen=True):
    """Numbers of one split; `bars` [K] are the texts between one edge and the next."""

    texts: int
    mean: float
    deviation: float
    least: float
    most: float
    bars: list[int]


class Spread(msgspec.Struct, frozen=True):
    """`edges` [K + 1] of the bars, round numbers and the same for all splits; `splits` that have texts."""

    edges: list[float]
    splits: dict[str, Targets]

    @property
    def bars(self) -> dict[str, int]:
        """Texts of all splits by range: `0–0.5`."""
        totals = np.sum([one.bars for one in self.splits.values()], axis=0).tolist()
        ranges = zip(self.edges, self.edges[1:], totals, strict=False)
        return {f"{low:g}\u2013{high:g}": texts for low, high, texts in ranges}


def spread_of(version: DatasetVersion) -> Spread | None:
    """Worked out from the texts in two passes, a batch in memory at a time; None where labels are names."""
    if version.target != "number":
        return None
    known = {split: found for split in SPLITS if (found := _extent(version, split)) is not None}
    extremes = [end for _, _, *ends in known.values() for end in ends]
    edges = np.array(round_range(extremes, about=_BARS).ticks)
    splits: dict[str, Targets] = {split: _targets(version, split, extent, edges) for split, extent in known.items()}
    return Spread(edges.tolist(), splits)


_Extent = tuple[int, float, float, float]
"""Texts, mean, least, most."""


def _extent(version: DatasetVersion, split: str) -> _Extent | None:
    texts, total, least, most = 0, 0.0, np.inf, -np.inf
    for numbers in _numbers(version, split):
        texts, total = texts + len(numbers), total + float(numbers.sum())
        least, most = min(least, float(numbers.min())), max(most, float(numbers.max()))
    return (texts, total / texts, least, most) if texts else None


def _targets(version: DatasetVersion, split: str, extent: _Extent, edges: Floats) -> Targets:
    texts, mean, least, most = extent
    squares, bars = 0.0, np.zeros(len(edges) - 1, dtype=np.int64)
    for numbers in _numbers(version, split):
        squares += float(np.square(numbers - mean).sum())
        bars += np.histogram(numbers, edges)[0]
    return Targets(texts, mean, float(np.sqrt(squares / texts)), least, most, bars.tolist())


def _numbers(version: DatasetVersion, split: str) -> Iterator[Floats]:
    for batch in version.batches(split, ("label",)):
        if batch.num_rows:
            yield np.array(batch.column("label").to_pylist(), dtype=np.float64)
