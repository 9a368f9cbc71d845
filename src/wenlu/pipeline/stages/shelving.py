"""What every task's last stage does alike: facts for the report, and a sealed bundle on the shelf."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from wenlu.bundle.manifest import REPORT, REPORT_JSON, Description, Lineage, Pretraining
from wenlu.bundle.seal import open_bundle, read_manifest, seal
from wenlu.corpus.version import DatasetVersion
from wenlu.evaluation.facts import DatasetFacts, PretrainingFacts, TokenizerFacts
from wenlu.pipeline.loading import LoadedRecipe
from wenlu.pipeline.stage import Finished
from wenlu.pipeline.stages.candidate import BUNDLE
from wenlu.storage.local import atomic_folder, write_atomic
from wenlu.storage.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Contended:
    """What the stages of one contender made."""

    name: str
    tokenizer: Finished
    training: Finished
    candidate: Finished
    evaluation: Finished
    pretraining: PretrainingFacts | None = None


def shelve(
    candidate: Finished,
    report: str,
    metrics: Mapping[str, float],
    lineage: Lineage,
    workspace: Workspace,
    *,
    told: bytes = b"",
) -> None:
    """Put a sealed bundle on the shelf, with the report and the metrics beside what it answers with.

    `told` is the report as JSON.
    """
    source = candidate.folder / BUNDLE
    sealed = read_manifest(source)
    place = place_of(workspace, candidate)
    with atomic_folder(place) as partial:
        shutil.copytree(source, partial, dirs_exist_ok=True)
        write_atomic(partial / REPORT, report.encode())
        if told:
            write_atomic(partial / REPORT_JSON, told)
        described = Description.model_validate({name: getattr(sealed, name) for name in Description.model_fields})
        beside = {"created": now(), "metrics": dict(metrics), "lineage": lineage}
        seal(partial, described.model_copy(update=beside))
    open_bundle(place)


def place_of(workspace: Workspace, candidate: Finished) -> Path:
    """Where on the shelf a candidate's bundle stands."""
    sealed = read_manifest(candidate.folder / BUNDLE)
    return workspace.models / sealed.name / sealed.version


def now() -> str:
    """UTC, ISO 8601, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def lineage_of(
    loaded: LoadedRecipe,
    run: str,
    dataset: DatasetVersion,
    training: Finished,
    *,
    pretraining: PretrainingFacts | None = None,
) -> Lineage:
    """What a bundle of a run was made from."""
    told = {name: getattr(pretraining, name) for name in Pretraining.model_fields} if pretraining else {}
    return Lineage(
        dataset=dataset.reference,
        recipe_sha256=loaded.sha256,
        run=run,
        code_version=version("wenlu"),
        parents=training.result["parents"],
        pretraining=Pretraining(**told) if told else None,
    )


def lineage_facts(lineage: Lineage) -> dict[str, str]:
    """The same for a report."""
    return {
        "dataset": lineage.dataset,
        "run": lineage.run,
        "recipe": lineage.recipe_sha256,
        "wenlu": lineage.code_version,
        **({"pretraining": lineage.pretraining.dataset} if lineage.pretraining else {}),
    }


def tokenizer_facts(name: str, stage: Finished) -> TokenizerFacts:
    """What a tokenizer stage found, for a report."""
    found = stage.result
    return TokenizerFacts(
        name=name,
        segmenter=found["segmenter"],
        size=found["size"],
        coverage=found["coverage"],
        oov_rate=found["oov"],
    )


def dataset_facts(dataset: DatasetVersion) -> DatasetFacts:
    """Where the texts went, for a report."""
    splits = {split: dataset.count(split) for split in ("train", "validation", "test")}
    counts = dataset.manifest.counts
    return DatasetFacts(
        name=dataset.manifest.name,
        version=dataset.manifest.version,
        splits=splits,
        dropped=dict(counts.dropped),
        labels={label: sum(dataset.label_counts(split)[label] for split in splits) for label in dataset.labels},
        label_conflicts=counts.dropped.get("label_conflict", 0),
        language=dataset.manifest.language,
    )
