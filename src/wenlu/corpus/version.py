"""Dataset versions: Parquet shards and a manifest, in `datasets/<name>/<version>/`.

The version is a digest of what the dataset says, not of how its bytes are stored: settings, the order of the labels,
the id and label of every text in the order of its split, and how many were read and refused for what reason. It is the
same on any machine, wherever the files lay there, and `verify` works it out again from what is stored.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from wenlu.base.errors import WenluError, did_you_mean
from wenlu.base.records import Source, Text
from wenlu.corpus.clean import content_id
from wenlu.corpus.manifest import MANIFEST, REPORT, DatasetManifest, Shard, read_manifest
from wenlu.corpus.settings import Target
from wenlu.corpus.shards import VersionHash
from wenlu.storage.local import remove_folder, sha256_file
from wenlu.storage.names import checked_name
from wenlu.storage.workspace import Workspace

_READ_TOGETHER = 4096


@dataclass(frozen=True, slots=True)
class DatasetVersion:
    """One version of a dataset, on disk."""

    folder: Path
    manifest: DatasetManifest

    @classmethod
    def open(cls, workspace: Workspace, reference: str) -> DatasetVersion:
        """`name@version`, or `name` for its newest version; raises WenluError `unknown_dataset`."""
        name, _, version = reference.partition("@")
        checked_name(name, what="dataset")
        if version:
            checked_name(version, what="version")
        found = list(_versions(workspace.datasets / name, version or "[a-z0-9]*"))
        if not found:
            raise _unknown(workspace, reference)
        return max(found, key=lambda one: one.manifest.created)

    @property
    def reference(self) -> str:
        """`name@version`."""
        return f"{self.manifest.name}@{self.manifest.version}"

    @property
    def report_path(self) -> Path:
        """Where the data report lies."""
        return self.folder / REPORT

    @property
    def labels(self) -> list[str]:
        """Every label, in the order that gives each its number; none where labels are numbers."""
        return self.manifest.labels

    @property
    def target(self) -> Target:
        """What a label is: a name, or a number."""
        return self.manifest.target

    @property
    def chat(self) -> bool:
        """Whether its texts are conversations."""
        return self.manifest.chat

    @property
    def normalize_steps(self) -> list[str]:
        """The normalisers that its texts went through."""
        steps: list[str] = self.manifest.settings["clean"]["normalize"]
        return steps

    def count(self, split: str) -> int:
        return self.manifest.counts.splits[split]

    def label_counts(self, split: str) -> dict[str, int]:
        """Texts of each label in one split."""
        counts = self.manifest.counts.labels[split]
        return {label: counts.get(label, 0) for label in self.labels}

    def texts(self, split: str) -> Iterator[Text]:
        """The texts of one split in the order they were imported, a row group in memory at a time.

        Raises WenluError `changed_dataset` where a shard is missing or can't be read.
        """
        for shard in self.manifest.shards:
            if shard.split == split:
                yield from self._rows(shard)

    def bodies(self, split: str) -> Iterator[str]:
        """The texts alone, as `texts` has them, at a fraction of its cost."""
        for batch in self.batches(split, ("body",)):
            yield from batch.column("body").to_pylist()

    def rows(self, split: str) -> Iterator[tuple[str, str | None]]:
        """The texts with their labels, as `texts` has them."""
        for batch in self.batches(split, ("body", "label")):
            yield from zip(batch.column("body").to_pylist(), batch.column("label").to_pylist(), strict=True)

    def batches(self, split: str, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Some columns of one split, in the order of `texts`."""
        for shard in self.manifest.shards:
            if shard.split == split:
                yield from self._batches(shard, columns)

    def verify(self) -> None:
        """Read everything; raises WenluError `changed_dataset` naming the files that are not as they were written."""
        wrong = [shard.file for shard in self.manifest.shards if not self._unchanged(shard)]
        if wrong:
            raise self._changed(", ".join(wrong))
        if self._version_again() != self.manifest.version or self.folder.name != self.manifest.version:
            raise self._changed(MANIFEST)

    def remove(self) -> None:
        """Take the version away, for good."""
        remove_folder(self.folder)

    def _version_again(self) -> str:
        """The version worked out from the texts themselves."""
        version = VersionHash(self.target)
        for shard in self.manifest.shards:
            for batch in self._batches(shard, ("body", "label")):
                ids = map(content_id, batch.column("body").to_pylist())
                version.add(ids, batch.column("label").to_pylist(), split=shard.split)
        return version.hex(settings=self.manifest.settings, labels=self.labels, counts=self.manifest.counts)

    def _rows(self, shard: Shard) -> Iterator[Text]:
        for batch in self._batches(shard, None):
            for row in batch.to_pylist():
                source = Source(row["file"], row["line"], row["byte_offset"])
                yield Text(row["body"], row["label"], source, shard.split, row["id"].hex(), row["group"] or "")

    def _batches(self, shard: Shard, columns: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
        try:
            with pq.ParquetFile(self.folder / shard.file, pre_buffer=False) as file:
                for group in range(file.num_row_groups):  # by itself: over all, a batch of long texts spans many
                    yield from file.iter_batches(_READ_TOGETHER, row_groups=[group], columns=columns)
        except (OSError, pa.ArrowException):
            raise self._changed(shard.file) from None

    def _unchanged(self, shard: Shard) -> bool:
        path = self.folder / shard.file
        return path.is_file() and path.stat().st_size == shard.bytes and sha256_file(path) == shard.sha256

    def _changed(self, files: str) -> WenluError:
        return WenluError(
            "changed_dataset",
            f"{self.reference} is not what was imported: {files} differs, or is missing.",
            hint="Remove its folder and import it again: the version will be the same.",
        )


def list_datasets(workspace: Workspace) -> list[DatasetVersion]:
    """Every version of every dataset, by name and age."""
    found = [version for folder in sorted(workspace.datasets.glob("[a-z0-9]*/")) for version in _versions(folder)]
    return sorted(found, key=lambda version: (version.manifest.name, version.manifest.created))


def _versions(folder: Path, version: str = "[a-z0-9]*") -> list[DatasetVersion]:
    return [DatasetVersion(path.parent, read_manifest(path)) for path in sorted(folder.glob(f"{version}/{MANIFEST}"))]


def _unknown(workspace: Workspace, reference: str) -> WenluError:
    known = [version.reference for version in list_datasets(workspace)]
    names = sorted({one.partition("@")[0] for one in known})
    near = did_you_mean(reference.partition("@")[0], [name for name in names if name != reference])
    listed = f"Known: {', '.join(known)}." if known else "Import one: wenlu dataset import FILE --name NAME"
    return WenluError("unknown_dataset", f"There is no dataset '{reference}'.{near}", hint=listed)
