"""The whole import: read → clean → deduplicate → split → write a version.

Texts are read and cleaned once into a spill file inside the folder that is being made. What they are is then compared
there, column by column, and a second pass writes those that stay. Nothing is visible until everything is written.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec

from wenlu.base.errors import WenluError
from wenlu.base.events import Events
from wenlu.corpus.gather import Gather
from wenlu.corpus.manifest import FORMAT, MANIFEST, Counts, DatasetManifest
from wenlu.corpus.report import write_report
from wenlu.corpus.samples import write_samples
from wenlu.corpus.settings import SPLITS, DataConfig
from wenlu.corpus.settle import Settle, Settled
from wenlu.corpus.sources import Sources
from wenlu.corpus.spill import Spill
from wenlu.corpus.tally import Tally
from wenlu.corpus.version import DatasetVersion
from wenlu.storage.local import new_folder, sweep_partial, write_atomic
from wenlu.storage.names import checked_name
from wenlu.storage.workspace import Workspace

_SPILL = "spill.arrow"


def import_dataset(
    config: DataConfig, workspace: Workspace, events: Events, *, cluster: str | None = None
) -> DatasetVersion:
    """Make a version of a dataset from its sources. Identical input and settings give the identical version, on one
    processor, on all of them, or with the help of the Ray cluster at the address `cluster`.

    Raises WenluError: what the readers raise, and `no_texts` if nothing is left.
    """
    checked_name(config.name, what="dataset")
    folder = workspace.datasets / config.name
    sweep_partial(folder)
    with new_folder(folder) as making:
        manifest = _Import(config, making.path, events, cluster).run()
        making.publish(manifest.version)
    return DatasetVersion.open(workspace, f"{config.name}@{manifest.version}")


class _Import:
    """One import into one folder."""

    def __init__(self, config: DataConfig, folder: Path, events: Events, cluster: str | None) -> None:
        self._config = config
        self._folder = folder
        self._events = events
        self._cluster = cluster
        self._tally = Tally()
        self._sources = Sources(config.sources, target=config.target)

    def run(self) -> DatasetManifest:
        settled = self._settled()
        if not self._tally.splits.total():
            raise WenluError("no_texts", f"Nothing is left of {self._config.name}: {self._tally.reasons()}.")
        manifest = self._manifest(settled)
        write_samples(self._tally.dropped_samples(), self._folder)
        write_atomic(self._folder / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)))
        write_report(DatasetVersion(self._folder, manifest))
        self._say(manifest)
        return manifest

    def _settled(self) -> Settled:
        path = self._folder / _SPILL
        gather = Gather(self._config, self._tally, cluster=self._cluster)
        bands = gather(self._sources, self._folder, path, self._events)
        settle = Settle(Spill(path), gather.labels, tally=self._tally, target=self._config.target)
        settled = settle(self._config.dedup, bands, self._folder, self._events)
        path.unlink()
        return settled

    def _labels(self) -> list[str]:
        """Those that the file of names has, in its order, then the others sorted; none without a text."""
        found = {label for counts in self._tally.labels.values() for label in counts}
        named = [label for label in self._sources.label_order if label in found]
        return named + sorted(found - set(named))

    def _manifest(self, settled: Settled) -> DatasetManifest:
        tally, config, labels = self._tally, self._config, self._labels()
        settings = config.model_dump(mode="json")
        counts = Counts(
            read=tally.read,
            kept=tally.splits.total(),
            splits={split: tally.splits[split] for split in SPLITS},
            labels={split: dict(sorted(tally.labels[split].items())) for split in SPLITS},
            dropped=dict(sorted(tally.dropped.items())),
        )
        return DatasetManifest(
            format=FORMAT,
            name=config.name,
            version=settled.texts.hex(settings=settings, labels=labels, counts=counts),
            created=datetime.now(UTC).isoformat(timespec="milliseconds"),
            language=config.language,
            licence=config.licence,
            labels=labels,
            settings=settings,
            counts=counts,
            sources=self._sources.records,
            conflicts=settled.conflicts,
            shards=settled.shards,
            pairs=settled.pairs,
            near=settled.near,
        )

    def _say(self, manifest: DatasetManifest) -> None:
        counts = manifest.counts
        self._events.result(f"{counts.read:,} texts read from {self._sources.origin()}, {counts.kept:,} kept")
        if counts.dropped:
            self._events.result(f"{counts.read - counts.kept:,} dropped: {self._tally.reasons()}")
        if manifest.near.across_splits:
            self._events.result(f"{manifest.near.across_splits:,} of them would have leaked into another split")
        if manifest.conflicts:
            example = manifest.conflicts[0]
            self._events.result(f"labels disagree, e.g. ({', '.join(example.labels)}): {example.text[:40]}")
        shares = " · ".join(f"{split} {counts.splits[split]:,}{_shares(counts, split)}" for split in SPLITS)
        self._events.result(shares)
        self._events.result(f"dataset {manifest.name}@{manifest.version}")


def _shares(counts: Counts, split: str) -> str:
    """` (positive 52.1 %, …)` for a handful of labels, nothing for more."""
    labels, total = counts.labels[split], counts.splits[split]
    if not total or not 1 < len(labels) <= 4:
        return ""
    return f" ({', '.join(f'{label} {number / total:.1%}' for label, number in labels.items())})"
