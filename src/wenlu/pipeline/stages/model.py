"""Judged candidates → sealed bundles on the shelf, each with the report; the better one becomes current."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec

from wenlu.base.events import Events
from wenlu.bundle.manifest import MANIFEST, REPORT, Description, Lineage
from wenlu.bundle.seal import open_bundle, read_manifest, seal
from wenlu.bundle.shelf import make_current
from wenlu.corpus.version import DatasetVersion
from wenlu.evaluation.choose import Candidate, Choice, choose
from wenlu.evaluation.facts import CandidateFacts, DatasetFacts, Report, TokenizerFacts
from wenlu.evaluation.report import render_report
from wenlu.evaluation.verdict import Epoch, Verdict, judge
from wenlu.pipeline.recipe import LoadedRecipe
from wenlu.pipeline.stage import Finished, Stage
from wenlu.pipeline.stages.candidate import BUNDLE
from wenlu.pipeline.stages.evaluation import Evaluation, read_evaluation
from wenlu.pipeline.stages.training import HISTORY
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


@dataclass(frozen=True, slots=True)
class _Judged:
    """A contender with everything that was found out about it."""

    stages: Contended
    evaluation: Evaluation
    history: tuple[Epoch, ...]


def model_stage(
    loaded: LoadedRecipe, run: str, contended: Sequence[Contended], dataset: DatasetVersion, workspace: Workspace
) -> Stage:
    """Choose, judge, report and seal. The first contender is the user's, the last the trivial one."""
    recipe = loaded.recipe

    def make(folder: Path, work: Path, events: Events) -> dict[str, Any]:
        judged = [_judged(contender) for contender in contended]
        choice = choose([Candidate(one.stages.name, one.evaluation.validation, one.evaluation.right) for one in judged])
        deployed = next(one for one in judged if one.stages.name == choice.name)
        verdicts = {one.stages.name: _verdict(one, baseline=judged[-1], dataset=dataset) for one in judged}
        lineage = Lineage(
            dataset=dataset.reference, recipe_sha256=loaded.sha256, run=run, code_version=version("wenlu"), parents=[]
        )
        for one in judged:
            facts = _report(
                one,
                judged=judged,
                choice=choice,
                verdict=verdicts[one.stages.name],
                dataset=dataset,
                lineage=lineage,
                loaded=loaded,
            )
            _shelve(one, facts, lineage, workspace)
        reference = f"{recipe.name}@{deployed.stages.candidate.result['version']}"
        make_current(workspace, recipe.name, deployed.stages.candidate.result["version"])
        events.result(choice.sentence)
        verdict = verdicts[choice.name]
        events.result(verdict.sentence)
        place = _place(workspace, deployed).relative_to(workspace.root)
        return {"model": reference, "folder": str(place), "choice": choice.sentence, "verdict": verdict.sentence}

    return Stage(
        name="model",
        inputs={"recipe": loaded.sha256, "evaluations": [contender.evaluation.fingerprint for contender in contended]},
        packages=("base", "storage", "drawing", "bundle", "evaluation", "pipeline.stages"),
        make=make,
        still_there=lambda result: (workspace.root / result["folder"] / MANIFEST).is_file(),
    )


def _judged(contender: Contended) -> _Judged:
    history = msgspec.json.decode((contender.training.folder / HISTORY).read_bytes(), type=tuple[Epoch, ...])
    return _Judged(contender, read_evaluation(contender.evaluation), history)


def _verdict(one: _Judged, *, baseline: _Judged, dataset: DatasetVersion) -> Verdict:
    counts = dataset.label_counts("train")
    found = one.evaluation
    return judge(
        test=found.test,
        validation=found.validation,
        train=found.train,
        history=one.history,
        baseline=None if one is baseline else baseline.evaluation.validation,
        majority_share=max(counts.values()) / sum(counts.values()),
    )


def _shelve(one: _Judged, report: Report, lineage: Lineage, workspace: Workspace) -> None:
    """Put a sealed bundle on the shelf, with the report and the metrics beside what it answers with."""
    source = one.stages.candidate.folder / BUNDLE
    sealed = read_manifest(source)
    place = _place(workspace, one)
    with atomic_folder(place) as partial:
        shutil.copytree(source, partial, dirs_exist_ok=True)
        write_atomic(partial / REPORT, render_report(report).encode())
        fields = sealed.model_dump(include=set(Description.model_fields) - {"architecture", "lineage"})
        fields |= {"created": report.created, "metrics": _metrics(one)}
        seal(partial, Description(**fields, architecture=sealed.architecture, lineage=lineage))
    open_bundle(place)


def _place(workspace: Workspace, one: _Judged) -> Path:
    sealed = read_manifest(one.stages.candidate.folder / BUNDLE)
    return workspace.models / sealed.name / sealed.version


def _metrics(one: _Judged) -> dict[str, float]:
    splits = {"train": one.evaluation.train, "validation": one.evaluation.validation, "test": one.evaluation.test}
    accuracy = {f"{split}_accuracy": metrics.accuracy for split, metrics in splits.items()}
    return accuracy | {"test_macro_f1": one.evaluation.test.macro_f1, "test_log_loss": one.evaluation.test.log_loss}


def _report(
    one: _Judged,
    *,
    judged: Sequence[_Judged],
    choice: Choice,
    verdict: Verdict,
    dataset: DatasetVersion,
    lineage: Lineage,
    loaded: LoadedRecipe,
) -> Report:
    tokenizer = one.stages.tokenizer.result
    return Report(
        title=loaded.recipe.name,
        version=one.stages.candidate.result["version"],
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        verdict=verdict,
        choice=choice.sentence,
        candidates=tuple(_candidate_facts(other, deployed=other.stages.name == choice.name) for other in judged),
        dataset=_dataset_facts(dataset),
        tokenizer=TokenizerFacts(
            name=one.stages.name,
            segmenter=tokenizer["segmenter"],
            size=tokenizer["size"],
            coverage=tokenizer["coverage"],
            oov_rate=tokenizer["oov"],
        ),
        hardest=one.evaluation.hardest,
        lineage={
            "dataset": lineage.dataset,
            "run": lineage.run,
            "recipe": lineage.recipe_sha256,
            "wenlu": lineage.code_version,
        },
        recipe=loaded.text,
        subject=one.stages.name,
    )


def _candidate_facts(one: _Judged, *, deployed: bool) -> CandidateFacts:
    training = one.stages.training.result
    return CandidateFacts(
        name=one.stages.name,
        parameters=training["parameters"],
        seconds=training["seconds"],
        history=one.history,
        train=one.evaluation.train,
        validation=one.evaluation.validation,
        test=one.evaluation.test,
        deployed=deployed,
    )


def _dataset_facts(dataset: DatasetVersion) -> DatasetFacts:
    splits = {split: dataset.count(split) for split in ("train", "validation", "test")}
    labels = {label: sum(dataset.label_counts(split)[label] for split in splits) for label in dataset.labels}
    counts = dataset.manifest.counts
    return DatasetFacts(
        name=dataset.manifest.name,
        version=dataset.manifest.version,
        splits=splits,
        dropped=dict(counts.dropped),
        labels=labels,
        label_conflicts=counts.dropped.get("label_conflict", 0),
        language=dataset.manifest.language,
    )
