"""What changed from one dataset version to another.

A text is told by its digest. Digests are compared a part of their range at a time, as in `dedup.exact`: memory holds
`_PART` of them, whatever the size of the versions.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wenlu.corpus.labels import Labels, labels_of
from wenlu.corpus.settings import SPLITS
from wenlu.corpus.shards import digests
from wenlu.corpus.version import DatasetVersion

_PART = 8_000_000
_EXAMPLES = 20
_SHOWN = 200
_OLD, _NEW = 0, 1


class Example(msgspec.Struct, frozen=True):
    """One text that changed, cut to its beginning; what it was before and is now, as far as it was or is there."""

    text: str
    before: str | None
    now: str | None


class Difference(msgspec.Struct, frozen=True):
    """How many texts changed, and the first of each kind.

    `edited` counts pairs of an added and a removed text from the same line of the same file. `relabelled` texts have
    another label, `moved` ones stand in another split.
    """

    old: str
    new: str
    same: int
    counts: dict[str, int]
    examples: dict[str, list[Example]]
    labels: dict[str, int]
    """By how many texts each label grew or shrank; labels that did neither are left out."""


@dataclass(frozen=True, slots=True)
class _Rows:
    """Texts of both versions, a column each [N]; `side` tells of which."""

    digest: NDArray[np.uint64]
    label: NDArray[np.int32]
    split: NDArray[np.int8]
    place: NDArray[np.uint64]
    side: NDArray[np.int8]

    def only(self, which: NDArray[np.bool_] | NDArray[np.int64]) -> _Rows:
        return _Rows(self.digest[which], self.label[which], self.split[which], self.place[which], self.side[which])

    @classmethod
    def joined(cls, parts: Iterable[_Rows]) -> _Rows:
        every = [_NONE, *parts]
        return cls(*(np.concatenate([getattr(part, name) for part in every]) for name in cls.__slots__))


_NONE = _Rows(
    np.empty((0, 2), np.uint64),
    np.empty(0, np.int32),
    np.empty(0, np.int8),
    np.empty(0, np.uint64),
    np.empty(0, np.int8),
)
_KINDS = ("added", "removed", "edited", "relabelled", "moved")


@dataclass(slots=True)
class _Found:
    """The texts that changed, by kind; of each kind the digests of the first few."""

    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_KINDS, 0))
    shown: dict[str, list[bytes]] = field(default_factory=lambda: {kind: [] for kind in _KINDS})
    same: int = 0
    alone: list[_Rows] = field(default_factory=list)
    """Texts of one side only: 30 bytes each, and of a change there are few."""

    def settle(self) -> None:
        """Tell the texts that stand where another one stood from those that came or went."""
        rows = _Rows.joined(self.alone)
        added, removed = np.flatnonzero(rows.side == _NEW), np.flatnonzero(rows.side == _OLD)
        edited = np.isin(rows.place[added], rows.place[removed])
        self.add("edited", rows, added[edited])
        self.add("added", rows, added[~edited])
        self.add("removed", rows, removed[~np.isin(rows.place[removed], rows.place[added])])

    def add(self, kind: str, rows: _Rows, which: NDArray[np.int64]) -> None:
        self.counts[kind] += len(which)
        room = _EXAMPLES - len(self.shown[kind])
        self.shown[kind] += [rows.digest[row].tobytes() for row in which[:room]]


def differ(old: DatasetVersion, new: DatasetVersion) -> Difference:
    """From `old` to `new`. Texts are compared as they are stored, after cleaning."""
    labelled = labels_of("number" if "number" == old.target == new.target else "label")
    total = sum(version.manifest.counts.kept for version in (old, new))
    parts = -(-total // _PART) or 1
    found = _Found()
    for part in range(parts):
        sides = (_rows(old, _OLD, labelled), _rows(new, _NEW, labelled))
        mine = (rows.only(rows.digest[:, 0] % np.uint64(parts) == part) for side in sides for rows in side)
        _compare(_Rows.joined(mine), found)
    found.settle()
    return Difference(
        old.reference, new.reference, found.same, found.counts, _examples(old, new, found), _grown(old, new)
    )


def _rows(version: DatasetVersion, side: int, labelled: Labels) -> Iterator[_Rows]:
    for split in SPLITS:
        for batch in version.batches(split, ("id", "label", "file", "line")):
            count = batch.num_rows
            labels = batch.column("label").to_pylist()
            yield _Rows(
                digests(batch.column("id")),
                np.fromiter(map(labelled.number, labels), dtype=np.int32, count=count),
                np.full(count, SPLITS.index(split), dtype=np.int8),
                _places(batch),
                np.full(count, side, dtype=np.int8),
            )


def _places(batch: pa.RecordBatch) -> NDArray[np.uint64]:
    """File and line of each text as 64 bits."""
    files = pc.dictionary_encode(batch.column("file"))
    names = [hashlib.sha256((name or "").encode()).digest()[:8] for name in files.dictionary.to_pylist()]
    file = np.frombuffer(b"".join(names), dtype="<u8")[files.indices.to_numpy()]
    mixed: NDArray[np.uint64] = file ^ (
        batch.column("line").to_numpy().astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    )
    return mixed


def _compare(rows: _Rows, found: _Found) -> None:
    rows = rows.only(np.lexsort((rows.side, rows.digest[:, 1], rows.digest[:, 0])))
    twin = np.zeros(len(rows.side), dtype=bool)  # the old one of a text that is in both; the new one stands behind it
    twin[:-1] = (rows.digest[1:] == rows.digest[:-1]).all(axis=1)
    before = np.flatnonzero(twin)
    now = before + 1
    alone = ~twin
    alone[now] = False
    found.alone.append(rows.only(alone))
    found.add("relabelled", rows, now[rows.label[before] != rows.label[now]])
    found.add("moved", rows, now[rows.split[before] != rows.split[now]])
    found.same += int(((rows.label[before] == rows.label[now]) & (rows.split[before] == rows.split[now])).sum())


def _examples(old: DatasetVersion, new: DatasetVersion, found: _Found) -> dict[str, list[Example]]:
    wanted = {digest for shown in found.shown.values() for digest in shown}
    was, is_now = _looked_up(old, wanted), _looked_up(new, wanted)
    return {
        kind: [_example(was.get(digest), is_now.get(digest), kind) for digest in shown]
        for kind, shown in found.shown.items()
    }


@dataclass(frozen=True, slots=True)
class _Known:
    body: str
    label: str
    split: str


def _looked_up(version: DatasetVersion, wanted: set[bytes]) -> dict[bytes, _Known]:
    known: dict[bytes, _Known] = {}
    for split in SPLITS if wanted else ():
        for batch in version.batches(split, ("id", "body", "label")):
            ids = batch.column("id").to_pylist()
            for row in (row for row, digest in enumerate(ids) if digest in wanted):
                label = batch.column("label")[row].as_py() or ""
                known[ids[row]] = _Known(batch.column("body")[row].as_py()[:_SHOWN], label, split)
    return known


def _example(was: _Known | None, is_now: _Known | None, kind: str) -> Example:
    there = is_now or was
    before, now = (None if one is None else one.split if kind == "moved" else one.label for one in (was, is_now))
    return Example(there.body if there else "", before, now)


def _grown(old: DatasetVersion, new: DatasetVersion) -> dict[str, int]:
    counts = [
        {label: sum(version.label_counts(split)[label] for split in SPLITS) for label in version.labels}
        for version in (old, new)
    ]
    labels = sorted({*counts[0], *counts[1]})
    grown = {label: counts[1].get(label, 0) - counts[0].get(label, 0) for label in labels}
    return {label: by for label, by in grown.items() if by}
