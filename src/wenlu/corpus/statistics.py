"""What the texts of a dataset version are like, in figures: made once, in one pass, in bounded memory."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from heapq import nsmallest
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wenlu.corpus.settings import SPLITS
from wenlu.corpus.shards import digests
from wenlu.corpus.targets import Spread, spread_of
from wenlu.corpus.version import DatasetVersion
from wenlu.text.kinds import (
    DIGIT,
    HAN,
    HIRAGANA,
    KATAKANA,
    LATIN,
    LETTER,
    NOTHING,
    PUNCTUATION,
    SYMBOL,
    count_kinds,
)
from wenlu.text.language import LANGUAGES, languages_by_kinds

STATISTICS = "statistics.json"
BOUNDS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000)
"""Where the bars of the length histogram begin; the last one has no end."""
QUANTILES = (0.0, 0.05, 0.5, 0.95, 1.0)

_SCRIPTS: dict[str, int | slice] = {
    "han": slice(HAN, None),
    "hiragana": HIRAGANA,
    "katakana": KATAKANA,
    "latin": LATIN,
    "letters": LETTER,
    "digits": DIGIT,
    "punctuation": PUNCTUATION,
    "symbols": SYMBOL,
    "spaces": NOTHING,
}
_ODD = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u2060\ufeff\ufffd\ue000-\uf8ff\U000f0000-\U0010ffff]")
_MOST_ODD = 10
_EXAMPLES, _MOST_LABELS = 3, 30  # shown of each label, and of how many labels
_LABELS_AT_ONCE = 1_000  # of so many labels examples are remembered until it is known which are the commonest
_EXTREMES = 3
_SHOWN = 200


class Lengths(msgspec.Struct, frozen=True):
    """Characters a text, of one split: the bars of BOUNDS, and the lengths at QUANTILES."""

    texts: int
    characters: int
    bars: list[int]
    quantiles: list[int]


class Statistics(msgspec.Struct, frozen=True):
    """`lengths` by split; `languages` counts texts, `scripts` and `odd` characters; examples are cut."""

    lengths: dict[str, Lengths]
    languages: dict[str, int]
    scripts: dict[str, int]
    odd: dict[str, int]
    examples: dict[str, list[str]]
    """Of each of the commonest labels, by chance; of texts without labels under ''."""
    shortest: list[str]
    longest: list[str]
    targets: Spread | None = None

    @property
    def characters(self) -> int:
        """Of all texts."""
        return sum(lengths.characters for lengths in self.lengths.values())


def statistics_of(version: DatasetVersion) -> Statistics:
    """As they were written at import, else worked out from the texts."""
    try:
        return msgspec.json.decode((version.folder / STATISTICS).read_bytes(), type=Statistics)
    except (OSError, msgspec.MsgspecError):
        return work_out(version)


def work_out(version: DatasetVersion) -> Statistics:
    """The statistics of the texts as they are stored. The order of texts does not matter."""
    counting = _Counting(named=version.target == "label")
    for split in SPLITS:
        for batch in version.batches(split, ("id", "body", "label")):
            counting.add(split, batch)
    return msgspec.structs.replace(counting.statistics(), targets=spread_of(version))


def write_statistics(statistics: Statistics, folder: Path) -> None:
    """Put them beside a version's manifest."""
    (folder / STATISTICS).write_bytes(msgspec.json.format(msgspec.json.encode(statistics)))


class _Example(NamedTuple):
    """Ordered by what a text's hash says: as good as by chance, and the same every time."""

    digest: int
    body: str


class _Extreme(NamedTuple):
    """Ordered by length."""

    length: int
    body: str


class _Counting:
    """Batches in, statistics out."""

    def __init__(self, *, named: bool) -> None:
        """Examples are of each label where labels are names."""
        self._named = named
        self._lengths: defaultdict[str, Counter[int]] = defaultdict(Counter)
        self._languages = np.zeros(len(LANGUAGES), dtype=np.int64)
        self._kinds: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self._odd: Counter[str] = Counter()
        self._labels: Counter[str] = Counter()
        self._examples: dict[str, list[_Example]] = {}
        self._shortest: list[_Extreme] = []
        self._longest: list[_Extreme] = []

    def add(self, split: str, batch: pa.RecordBatch) -> None:
        """The next texts: columns `id`, `body`, `label`."""
        if not batch.num_rows:
            return
        bodies = batch.column("body").to_pylist()
        lengths = np.fromiter(map(len, bodies), dtype=np.int64, count=len(bodies))
        self._lengths[split].update(lengths.tolist())
        kinds = count_kinds(bodies)
        self._kinds = kinds.sum(axis=0) + (self._kinds if self._kinds.size else 0)
        self._languages += np.bincount(languages_by_kinds(kinds), minlength=len(LANGUAGES))
        self._odd.update(_ODD.findall("\n".join(bodies)))
        self._add_examples(bodies, batch.column("label").to_pylist(), digests(batch.column("id"))[:, 0])
        self._add_extremes(bodies, lengths)

    def _add_examples(self, bodies: Sequence[str], labels: Sequence[str | None], digest: NDArray[np.uint64]) -> None:
        named = [label or "" for label in labels] if self._named else [""] * len(bodies)
        self._labels.update(named)
        taken: Counter[str] = Counter()
        for row in np.argsort(digest, kind="stable").tolist():
            label = named[row]
            if taken[label] < _EXAMPLES and (label in self._examples or len(self._examples) < _LABELS_AT_ONCE):
                taken[label] += 1
                found = [*self._examples.get(label, ()), _Example(int(digest[row]), bodies[row][:_SHOWN])]
                self._examples[label] = nsmallest(_EXAMPLES, found)

    def _add_extremes(self, bodies: Sequence[str], lengths: NDArray[np.int64]) -> None:
        order = np.argsort(lengths, kind="stable")
        ends = [[_Extreme(int(lengths[row]), bodies[row][:_SHOWN]) for row in rows.tolist()]
                for rows in (order[:_EXTREMES], order[-_EXTREMES:])]  # fmt: skip
        self._shortest = sorted({*self._shortest, *ends[0]})[:_EXTREMES]
        self._longest = sorted({*self._longest, *ends[1]}, key=lambda one: (-one.length, one.body))[:_EXTREMES]

    def statistics(self) -> Statistics:
        kinds = self._kinds
        commonest = sorted(self._examples, key=lambda label: (-self._labels[label], label))[:_MOST_LABELS]
        return Statistics(
            lengths={split: _lengths(self._lengths[split]) for split in SPLITS},
            languages=_present(zip(LANGUAGES, self._languages.tolist(), strict=True)),
            scripts=_present((name, int(kinds[place].sum())) for name, place in _SCRIPTS.items() if kinds.size),
            odd=dict(sorted(self._odd.items(), key=lambda one: (-one[1], one[0]))[:_MOST_ODD]),
            examples={label: [one.body for one in self._examples[label]] for label in commonest},
            shortest=[one.body for one in self._shortest],
            longest=[one.body for one in self._longest],
        )


def _lengths(counted: Counter[int]) -> Lengths:
    """From how often each length occurs."""
    lengths = np.array(sorted(counted), dtype=np.int64)
    texts = np.array([counted[length] for length in lengths.tolist()], dtype=np.int64)
    total = int(texts.sum())
    bars = np.zeros(len(BOUNDS), dtype=np.int64)
    np.add.at(bars, np.maximum(np.searchsorted(BOUNDS, lengths, side="right") - 1, 0), texts)
    seen = np.cumsum(texts)
    places = (
        [int(np.searchsorted(seen, max(1, math.ceil(quantile * total)))) for quantile in QUANTILES] if total else []
    )
    return Lengths(total, int(lengths @ texts), bars.tolist(), [int(lengths[place]) for place in places])


def _present(counts: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Those that there are, the largest first."""
    return {name: number for name, number in sorted(counts, key=lambda one: -one[1]) if number}
