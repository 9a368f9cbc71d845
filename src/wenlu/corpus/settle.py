"""The second pass of an import: which texts stay, in which split, and their shards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from wenlu.base.events import Events
from wenlu.base.records import Dropped, Source, Text
from wenlu.corpus.dedup.exact import Copies, find_copies
from wenlu.corpus.dedup.near import BandFiles, NearCopies, Pair
from wenlu.corpus.dedup.reasons import NAMES, Reasons
from wenlu.corpus.labels import Labels
from wenlu.corpus.manifest import ConflictRecord, NearCounts, PairRecord, Shard
from wenlu.corpus.settings import SPLITS, DedupConfig, Target
from wenlu.corpus.shards import ShardWriter, VersionHash
from wenlu.corpus.spill import Spill
from wenlu.corpus.tally import Tally

_SHOWN = 200
_PAIRS, _PAIRS_AT_ONCE = 50, 1_000


class _Telling(NamedTuple):
    """A near copy in the order a person learns most from: those that crossed splits, then those least alike, since
    they show where the threshold lies."""

    stayed: bool
    similarity: float
    number: int
    pair: Pair


@dataclass(slots=True)
class Settled:
    """What came out: the shards, the hash of their texts, and what was found on the way."""

    texts: VersionHash
    shards: list[Shard] = field(default_factory=list)
    conflicts: list[ConflictRecord] = field(default_factory=list)
    pairs: list[PairRecord] = field(default_factory=list)
    near: NearCounts = field(default_factory=NearCounts)


class Settle:
    """A spill file in, the shards of a version out."""

    def __init__(self, spill: Spill, labels: Labels, *, tally: Tally, target: Target = "label") -> None:
        self._spill = spill
        self._labels = labels
        self._tally = tally
        self._target = target

    def __call__(self, dedup: DedupConfig, bands: BandFiles | None, folder: Path, events: Events) -> Settled:
        """Find the copies, write the shards into `folder`, and remove the bands' files."""
        settled = Settled(VersionHash(self._target))
        copies = find_copies(self._spill.keys(), len(self._spill), folder)
        settled.conflicts = self._conflicts(copies)
        if bands is not None and dedup.near is not None:
            self._find_near(copies.reasons, bands, dedup.near, dedup.shingle, settled)
            bands.remove()
        self._write(copies.reasons, folder, settled, events)
        return settled

    def _find_near(self, reasons: Reasons, bands: BandFiles, threshold: float, shingle: int, settled: Settled) -> None:
        near = NearCopies(reasons, self._spill.held_out(), self._spill.body, threshold, shingle)
        across = other = 0
        telling: list[_Telling] = []
        for pair in near.find(bands):
            kept, dropped = self._spill.facts(pair.kept), self._spill.facts(pair.dropped)
            leaked = kept.split != dropped.split
            across += leaked
            other += kept.label != dropped.label
            telling.append(_Telling(not leaked, pair.similarity, pair.dropped, pair))
            if len(telling) >= _PAIRS_AT_ONCE:
                telling = sorted(telling)[:_PAIRS]
        settled.near = NearCounts(across, other)
        settled.pairs = [self._pair(one.pair) for one in sorted(telling)[:_PAIRS]]

    def _pair(self, pair: Pair) -> PairRecord:
        kept, dropped = self._spill.facts(pair.kept), self._spill.facts(pair.dropped)
        return PairRecord(
            self._spill.body(pair.kept)[:_SHOWN],
            self._spill.body(pair.dropped)[:_SHOWN],
            round(pair.similarity, 4),
            SPLITS[kept.split],
            SPLITS[dropped.split],
            self._label(kept.label),
            self._label(dropped.label),
        )

    def _write(self, reasons: Reasons, folder: Path, settled: Settled, events: Events) -> None:
        writers: dict[str, ShardWriter] = {split: ShardWriter(folder, split) for split in SPLITS}
        start = 0
        for batch in self._spill.batches():
            why = reasons[start : start + batch.num_rows]
            start += batch.num_rows
            self._refuse(batch, why)
            for split, part in self._divided(batch.filter(pa.array(why == 0))):
                labels = part.column("label").to_pylist()
                self._tally.keep(labels, split, count=self._target == "label")
                settled.texts.add(part.column("id").to_pylist(), labels, split=split)
                writers[split].add(part)
            events.progress(start, len(self._spill))
        for writer in writers.values():
            writer.close()
        settled.shards = [shard for writer in writers.values() for shard in writer.shards]

    def _divided(self, batch: pa.RecordBatch) -> Iterator[tuple[str, pa.RecordBatch]]:
        """The texts of a batch by split, with their labels."""
        labelled, splits = self._labelled(batch), batch.column("split").to_numpy()
        for number, split in enumerate(SPLITS):
            mine = splits == number
            if mine.any():
                yield split, labelled.filter(pa.array(mine))

    def _refuse(self, batch: pa.RecordBatch, reasons: Reasons) -> None:
        """Count the copies of a batch, and keep the first ones to look at."""
        for number in np.unique(reasons[reasons > 0]).tolist():
            found, name = np.flatnonzero(reasons == number), NAMES[number]
            shown = found[: self._tally.room(name)]
            for row in self._labelled(batch.take(pa.array(shown))).to_pylist():
                source = Source(row["file"], row["line"], row["byte_offset"])
                self._tally.drop(Dropped(Text(row["body"], row["label"], source), name))
            self._tally.dropped[name] += len(found) - len(shown)

    def _labelled(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The columns of a shard: labels by name."""
        named = self._labels.words(batch.column("label").to_numpy())
        place = batch.schema.get_field_index("label")
        return batch.set_column(place, "label", named).drop_columns(["split", "held_out"])

    def _label(self, number: int) -> str | None:
        label: str | None = self._labels.words(np.array([number], dtype=np.int32))[0].as_py()
        return label

    def _conflicts(self, copies: Copies) -> list[ConflictRecord]:
        return [
            ConflictRecord(
                self._spill.body(conflict.text)[:_SHOWN],
                sorted(self._label(label) or "" for label in conflict.labels),
            )
            for conflict in copies.conflicts
        ]
