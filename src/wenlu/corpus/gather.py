"""The first pass of an import: read, clean, and lay down what the second pass compares."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from functools import lru_cache
from pathlib import Path, PurePosixPath

import pyarrow as pa

from wenlu.base.events import Events
from wenlu.base.records import Dropped, Text
from wenlu.corpus.dedup.near import BandFiles, Bands
from wenlu.corpus.labels import labels_of
from wenlu.corpus.prepare import Prepared, Settings, prepare_all
from wenlu.corpus.settings import SPLITS, DataConfig
from wenlu.corpus.spill import SCHEMA, SpillWriter
from wenlu.corpus.split import Splitter
from wenlu.corpus.tally import Tally

_HELD_OUT: dict[str | None, int] = {"validation": 1, "test": 2}

_TOGETHER = 2_000  # texts prepared at once,
_CHARACTERS_TOGETHER = 500_000  # or fewer if they are long


class Gather:
    """Texts in; a spill file of the cleaned ones out, and a file a band of how they look."""

    def __init__(self, config: DataConfig, tally: Tally, *, cluster: str | None = None) -> None:
        self._config = config
        self._cluster = cluster
        self._tally = tally
        self.labels = labels_of(config.target)
        """Which has words for the numbers that the spill file has."""
        self._fixed = sorted({source.split for source in config.sources if source.split})
        self._split_of = lru_cache(100_000)(Splitter(config.split, fixed=self._fixed))

    def __call__(self, texts: Iterable[Text | Dropped], folder: Path, path: Path, events: Events) -> BandFiles | None:
        """Write the spill file at `path`; the bands' files go into `folder`, if near copies are looked for at all."""
        near = self._config.dedup.near
        bands = None if near is None else BandFiles(folder, Bands.at(near))
        config = self._config
        settings = Settings(
            clean=config.clean, dedup=config.dedup, split=config.split, fixed=self._fixed, chat=config.chat
        )
        with ExitStack() as files:
            spill = files.enter_context(SpillWriter(path))
            if bands is not None:
                files.enter_context(bands)
            for chunk, prepared in prepare_all(self._chunks(texts), settings, cluster=self._cluster):
                spill.add(self._spilled(chunk, prepared))
                if bands is not None:
                    bands.add(prepared.bands)
                events.progress(self._tally.read, None)
        return bands

    def _chunks(self, texts: Iterable[Text | Dropped]) -> Iterator[list[Text]]:
        """The texts some at a time; what the readers refuse is counted and left out."""
        chunk: list[Text] = []
        characters = 0
        for text in texts:
            self._tally.read += 1
            if isinstance(text, Dropped):
                self._tally.drop(text)
                continue
            chunk.append(text)
            characters += len(text.body)
            if len(chunk) >= _TOGETHER or characters >= _CHARACTERS_TOGETHER:
                yield chunk
                chunk, characters = [], 0
        yield chunk

    def _spilled(self, texts: Sequence[Text], prepared: Prepared) -> pa.RecordBatch:
        kept = list(self._kept(texts, prepared.reasons))
        sources = [text.source for text in kept]
        groups = list(map(self._group, kept))
        columns = (
            prepared.ids,
            prepared.bodies,
            [self.labels.number(text.label) for text in kept],
            [source.file for source in sources],
            [source.line for source in sources],
            [source.byte_offset for source in sources],
            groups,
            [self._split(text, group, split) for text, group, split in zip(kept, groups, prepared.splits, strict=True)],
            [_HELD_OUT.get(text.split, 0) for text in kept],
        )
        arrays = [pa.array(column, field.type) for column, field in zip(columns, SCHEMA, strict=True)]
        return pa.record_batch(arrays, schema=SCHEMA)

    def _kept(self, texts: Sequence[Text], reasons: Sequence[str]) -> Iterator[Text]:
        for text, reason in zip(texts, reasons, strict=True):
            if reason:
                self._tally.drop(Dropped(text, reason))
            else:
                yield text

    def _split(self, text: Text, group: str, split: int) -> int:
        """The one its source fixes, else that of its group, else its own."""
        if text.split is not None:
            return SPLITS.index(text.split)
        return self._split_of(group) if group else split

    def _group(self, text: Text) -> str:
        """What is never divided: by a column of the source if it names one, else by what the recipe says."""
        if text.group or self._config.split.together == "text":
            return text.group
        if self._config.split.together == "file":
            return text.source.file
        return PurePosixPath(text.source.file).parent.as_posix()
