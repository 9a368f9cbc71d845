"""Raw files → a dataset version."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from wenlu.base.errors import WenluError
from wenlu.base.events import Events
from wenlu.corpus.importer import import_dataset
from wenlu.corpus.locate import locate
from wenlu.corpus.settings import DataConfig
from wenlu.corpus.version import DatasetVersion
from wenlu.pipeline.stage import Stage
from wenlu.storage.workspace import Workspace


def dataset_stage(
    config: DataConfig, workspace: Workspace, *, name: str = "dataset", cluster: str | None = None
) -> Stage:
    """Import, clean, deduplicate and split; the result names the version."""

    def make(folder: Path, work: Path, events: Events) -> dict[str, Any]:
        version = import_dataset(config, workspace, events, cluster=cluster)
        return {"dataset": version.reference}

    def still_there(result: dict[str, Any]) -> bool:
        try:
            DatasetVersion.open(workspace, result["dataset"])
        except WenluError:
            return False
        return True

    return Stage(
        name=name,
        inputs={
            "settings": config.model_dump(mode="json"),
            "sources": [
                _identity(uri)
                for source in config.sources
                for uri in (source.uri, source.label_names)
                if uri is not None
            ],
        },
        packages=("pipeline.stages.dataset", "base", "storage", "corpus", "text"),
        make=make,
        still_there=still_there,
    )


def _identity(uri: str) -> list[tuple[str, int, int]]:
    """Name, size and time of change of every file of a source: reading 20 TB to see if it changed takes a day."""
    path = locate(uri)
    files = sorted(entry for entry in path.rglob("*") if entry.is_file()) if path.is_dir() else [path]
    return [(str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in files]
