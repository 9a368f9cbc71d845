"""The whole import: read → clean → deduplicate → split → write a version.

Texts are read and cleaned once into a spill file inside the folder that is being made; the second pass over that file
refuses duplicates and writes the shards. Nothing is visible until everything is written.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from wenlu.base.errors import WenluError
from wenlu.base.events import Events, counted
from wenlu.base.records import Dropped, Source, Text
from wenlu.corpus.clean import Clean
from wenlu.corpus.dedup import Deduplicate
from wenlu.corpus.encoding import detect
from wenlu.corpus.locate import digest, locate
from wenlu.corpus.opening import lines_of, open_bytes
from wenlu.corpus.readers import READERS, format_of
from wenlu.corpus.settings import SPLITS, DataConfig, SourceConfig
from wenlu.corpus.split import Splitter
from wenlu.corpus.version import (
    DROPPED,
    MANIFEST,
    ConflictRecord,
    Counts,
    DatasetManifest,
    DatasetVersion,
    ShardWriter,
    SourceRecord,
    VersionHash,
)
from wenlu.storage.local import new_folder, sweep_partial, write_atomic
from wenlu.storage.names import checked_name
from wenlu.storage.workspace import Workspace

_SPILL = "spill.jsonl"
_SAMPLES = 20  # refused texts kept for each reason, to look at
_SHOWN = 200


class _Spilled(msgspec.Struct, array_like=True, frozen=True):
    """A cleaned text between the two passes."""

    body: str
    label: str | None
    file: str
    line: int
    byte_offset: int
    split: str | None
    id: str


@dataclass(slots=True)
class _Tally:
    """What was read, kept and refused so far."""

    read: int = 0
    splits: Counter[str] = field(default_factory=Counter)
    labels: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    dropped: Counter[str] = field(default_factory=Counter)
    samples: defaultdict[str, list[Text]] = field(default_factory=lambda: defaultdict(list))

    def drop(self, dropped: Dropped) -> None:
        self.dropped[dropped.reason] += 1
        if len(self.samples[dropped.reason]) < _SAMPLES:
            self.samples[dropped.reason].append(replace(dropped.text, body=dropped.text.body[:_SHOWN]))

    def keep(self, text: Text, split: str) -> None:
        self.splits[split] += 1
        if text.label is not None:
            self.labels[split][text.label] += 1


def import_dataset(config: DataConfig, workspace: Workspace, events: Events) -> DatasetVersion:
    """Make a version of a dataset from its sources. Identical input and settings give the identical version.

    Raises WenluError: what the readers raise, and `no_texts` if nothing is left.
    """
    checked_name(config.name, what="dataset")
    folder = workspace.datasets / config.name
    sweep_partial(folder)
    with new_folder(folder) as making:
        version = _Import(config, making.path, events).run()
        making.publish(version)
    return DatasetVersion.open(workspace, f"{config.name}@{version}")


class _Import:
    """One import into one folder."""

    def __init__(self, config: DataConfig, folder: Path, events: Events) -> None:
        self._config = config
        self._folder = folder
        self._events = events
        self._tally = _Tally()
        self._deduplicate = Deduplicate()
        self._sources: list[SourceRecord] = []
        self._label_order: dict[str, None] = {}

    def run(self) -> str:
        spill = self._folder / _SPILL
        self._read_and_clean(spill)
        version = self._write(spill)
        spill.unlink()
        return version

    def _read_and_clean(self, spill: Path) -> None:
        clean = Clean(self._config.clean)
        with spill.open("wb") as file:
            for text in clean(counted(self._texts(), self._events)):
                self._tally.read += 1
                if isinstance(text, Dropped):
                    self._tally.drop(text)
                else:
                    self._deduplicate.note(text)
                    file.write(msgspec.json.encode(_spilled(text)) + b"\n")

    def _texts(self) -> Iterator[Text | Dropped]:
        for source in self._config.sources:
            path = locate(source.uri)
            row = format_of(path, source)
            encoding = _encoding(path, source, row)
            files, sha256 = digest(path)
            self._sources.append(SourceRecord(source.uri, row, encoding, files, sha256))
            texts = READERS[row](path, source, encoding=encoding)
            yield from _named(texts, self._label_names(source)) if source.label_names else texts

    def _label_names(self, source: SourceConfig) -> list[str]:
        names = _lines_of_names(locate(source.label_names or ""))
        self._label_order |= dict.fromkeys(names)
        return names

    def _write(self, spill: Path) -> str:
        split_of = Splitter(self._config.split, fixed={source.split for source in self._config.sources if source.split})
        writers: dict[str, ShardWriter] = {split: ShardWriter(self._folder, split) for split in SPLITS}
        texts = VersionHash()
        kept_or_not = self._deduplicate(_unspilled(spill))
        for text in counted(kept_or_not, self._events, total=self._tally.read - self._tally.dropped.total()):
            if isinstance(text, Dropped):
                self._tally.drop(text)
                continue
            split = text.split or split_of(text.id)
            self._tally.keep(text, split)
            texts.add(text, split)
            writers[split].add(text)
        for writer in writers.values():
            writer.close()
        if not self._tally.splits.total():
            raise WenluError("no_texts", f"Nothing is left of {self._config.name}: {_reasons(self._tally)}.")
        labels = self._labels()
        version = texts.hex(settings=self._config.model_dump(mode="json"), labels=labels)
        self._finish(self._manifest(version, labels, writers))
        return version

    def _finish(self, manifest: DatasetManifest) -> None:
        write_atomic(self._folder / DROPPED, _samples(self._tally))
        write_atomic(self._folder / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)))
        self._say(manifest)

    def _labels(self) -> list[str]:
        """Those that the file of names has, in its order, then the others sorted; none without a text."""
        found = {label for counts in self._tally.labels.values() for label in counts}
        named = [label for label in self._label_order if label in found]
        return named + sorted(found - set(named))

    def _manifest(self, version: str, labels: list[str], writers: dict[str, ShardWriter]) -> DatasetManifest:
        tally, config = self._tally, self._config
        return DatasetManifest(
            format=1,
            name=config.name,
            version=version,
            created=datetime.now(UTC).isoformat(timespec="milliseconds"),
            language=config.language,
            licence=config.licence,
            labels=labels,
            settings=config.model_dump(mode="json"),
            counts=Counts(
                read=tally.read,
                kept=tally.splits.total(),
                splits={split: tally.splits[split] for split in SPLITS},
                labels={split: dict(sorted(tally.labels[split].items())) for split in SPLITS},
                dropped=dict(sorted(tally.dropped.items())),
            ),
            sources=self._sources,
            conflicts=[
                ConflictRecord(conflict.body[:_SHOWN], sorted(conflict.labels))
                for conflict in self._deduplicate.conflicts.values()
            ],
            shards=[shard for writer in writers.values() for shard in writer.shards],
        )

    def _say(self, manifest: DatasetManifest) -> None:
        counts = manifest.counts
        self._events.result(f"{counts.read:,} texts read from {_origin(manifest.sources)}, {counts.kept:,} kept")
        if counts.dropped:
            self._events.result(f"{counts.read - counts.kept:,} dropped: {_reasons(self._tally)}")
        if manifest.conflicts:
            example = manifest.conflicts[0]
            self._events.result(f"labels disagree, e.g. ({', '.join(example.labels)}): {example.text[:40]}")
        shares = " · ".join(f"{split} {counts.splits[split]:,}{_labels(counts, split)}" for split in SPLITS)
        self._events.result(shares)
        self._events.result(f"dataset {manifest.name}@{manifest.version}")


def _encoding(path: Path, source: SourceConfig, row: str) -> str:
    """The encoding asked for, or the one found; a tree's files are each looked at when they are read."""
    if source.encoding != "auto" or row == "tree":
        return _known(source)
    with open_bytes(path) as file:
        return detect((line.content for line in lines_of(file)), name=source.uri)


def _known(source: SourceConfig) -> str:
    """The encoding's name as asked for; raises WenluError `unknown_encoding`."""
    if source.encoding == "auto":
        return "auto"
    try:
        separable = "\n".encode(source.encoding) == b"\n"
    except (LookupError, UnicodeError):
        raise WenluError(
            "unknown_encoding",
            f"{source.uri}: there is no encoding '{source.encoding}'.",
            hint="utf-8, gb18030, cp932, …",
        ) from None
    if not separable:  # UTF-16 and UTF-32: their lines can't be told apart as bytes
        raise WenluError(
            "unknown_encoding",
            f"{source.uri}: files in {source.encoding} are not read.",
            hint=f"Convert it: iconv -f {source.encoding} -t UTF-8",
        )
    return source.encoding


def _lines_of_names(path: Path) -> list[str]:
    try:
        return [name.strip() for name in path.read_text(encoding="utf-8-sig").rstrip().split("\n")]
    except (OSError, UnicodeDecodeError) as error:
        raise WenluError("no_source", f"The label names in {path} can't be read: {error}.") from None


def _named(texts: Iterable[Text | Dropped], names: list[str]) -> Iterator[Text | Dropped]:
    """Numbers of classes become their names; a number that has none is refused."""
    for text in texts:
        if isinstance(text, Dropped):
            yield text
        elif (text.label or "").isdecimal() and int(text.label or "") < len(names):
            yield replace(text, label=names[int(text.label or "")])
        else:
            yield Dropped(text, "unknown_label")


def _spilled(text: Text) -> _Spilled:
    source = text.source
    return _Spilled(text.body, text.label, source.file, source.line, source.byte_offset, text.split, text.id)


def _unspilled(path: Path) -> Iterator[Text]:
    decoder = msgspec.json.Decoder(_Spilled)
    with path.open("rb") as file:
        for line in file:
            spilled = decoder.decode(line)
            source = Source(spilled.file, spilled.line, spilled.byte_offset)
            yield Text(spilled.body, spilled.label, source, spilled.split, spilled.id)


def _reasons(tally: _Tally) -> str:
    return ", ".join(f"{number:,} {reason}" for reason, number in tally.dropped.most_common()) or "nothing"


def _labels(counts: Counts, split: str) -> str:
    """` (positive 52.1 %, …)` for a handful of labels, nothing for more."""
    labels, total = counts.labels[split], counts.splits[split]
    if not total or not 1 < len(labels) <= 4:
        return ""
    return f" ({', '.join(f'{label} {number / total:.1%}' for label, number in labels.items())})"


def _origin(sources: Sequence[SourceRecord]) -> str:
    """`2 files (utf-8)`; without encodings where each file of a tree had its own."""
    files = sum(source.files for source in sources)
    encodings = ", ".join(sorted({source.encoding for source in sources} - {"auto"}))
    return f"{files:,} {'file' if files == 1 else 'files'}" + (f" ({encodings})" if encodings else "")


def _samples(tally: _Tally) -> bytes:
    rows = (
        {"reason": reason, "file": text.source.file, "line": text.source.line, "label": text.label,
         "body": text.body[:_SHOWN]}
        for reason, texts in sorted(tally.samples.items())
        for text in texts
    )  # fmt: skip
    return b"".join(msgspec.json.encode(row) + b"\n" for row in rows)
