"""Judged candidates → sealed bundles on the shelf, each with the report; the better one becomes current."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from wenlu.base.events import Events
from wenlu.bundle.manifest import MANIFEST, Lineage
from wenlu.bundle.shelf import make_current
from wenlu.corpus.version import DatasetVersion
from wenlu.evaluation.choose import Candidate, Choice, choose, difference_p_value
from wenlu.evaluation.curve import Curve
from wenlu.evaluation.doubts import Doubts
from wenlu.evaluation.facts import CandidateFacts, Report
from wenlu.evaluation.found import Remedies
from wenlu.evaluation.report import render_report, report_json
from wenlu.evaluation.verdict import Epoch, Verdict, judge
from wenlu.pipeline.loading import LoadedRecipe
from wenlu.pipeline.stage import Finished, Stage
from wenlu.pipeline.stages.doubted import Doubted
from wenlu.pipeline.stages.evaluation import Evaluation, read_evaluation
from wenlu.pipeline.stages.remedied import remedies_for
from wenlu.pipeline.stages.shelving import (
    Contended,
    dataset_facts,
    lineage_facts,
    lineage_of,
    now,
    place_of,
    shelve,
    tokenizer_facts,
)
from wenlu.pipeline.stages.training import HISTORY
from wenlu.storage.workspace import Workspace


@dataclass(frozen=True, slots=True)
class _Judged:
    """A contender with everything that was found out about it."""

    stages: Contended
    evaluation: Evaluation
    history: tuple[Epoch, ...]


def model_stage(
    loaded: LoadedRecipe,
    run: str,
    contended: Sequence[Contended],
    dataset: DatasetVersion,
    workspace: Workspace,
    *,
    suspicion: Finished,
    own: Contended,
    curve: Curve = (),
) -> Stage:
    """Choose, judge, report and seal. The last contender is the trivial one.

    `own` is the recipe's, of several the best, and `curve` what it reached with fewer texts.
    """
    recipe = loaded.recipe

    def make(folder: Path, work: Path, events: Events) -> dict[str, Any]:
        judged = [_judged(contender) for contender in contended]
        choice = choose(list(map(_candidate, judged)))
        deployed = next(one for one in judged if one.stages.name == choice.name)
        doubted = Doubted.among([one.stages for one in judged], dataset, suspicion)
        verdicts = {
            one.stages.name: _verdict(
                one,
                baseline=judged[-1],
                dataset=dataset,
                doubts=doubted.of(one.stages),
                remedies=remedies_for(one.stages, recipe) if one.stages is own else None,
                curve=curve if one.stages is own else (),
            )
            for one in judged
        }
        for one in judged:
            lineage = lineage_of(loaded, run, dataset, one.stages.training, pretraining=one.stages.pretraining)
            facts = _report(
                one,
                judged=judged,
                choice=choice,
                verdict=verdicts[one.stages.name],
                dataset=dataset,
                lineage=lineage,
                loaded=loaded,
                doubts=doubted.of(one.stages),
                curve=curve if one.stages is own else (),
            )
            shelve(
                one.stages.candidate, render_report(facts), _metrics(one), lineage, workspace, told=report_json(facts)
            )
        reference = f"{recipe.name}@{deployed.stages.candidate.result['version']}"
        make_current(workspace, recipe.name, deployed.stages.candidate.result["version"])
        events.result(choice.sentence)
        verdict = verdicts[choice.name]
        events.result(verdict.sentence)
        place = place_of(workspace, deployed.stages.candidate).relative_to(workspace.root)
        return {
            "model": reference,
            "folder": str(place),
            "choice": choice.sentence,
            "verdict": verdict.sentence,
            "own": own.name,
            "findings": msgspec.to_builtins(verdicts[own.name].findings),
        }

    return Stage(
        name="model",
        inputs={
            "recipe": loaded.sha256,
            "evaluations": [contender.evaluation.fingerprint for contender in contended],
            "suspicion": suspicion.fingerprint,
            "curve": msgspec.to_builtins(curve),
        },
        packages=("base", "storage", "drawing", "bundle", "evaluation", "pipeline.stages"),
        make=make,
        still_there=lambda result: (workspace.root / result["folder"] / MANIFEST).is_file(),
    )


def _judged(contender: Contended) -> _Judged:
    history = msgspec.json.decode((contender.training.folder / HISTORY).read_bytes(), type=tuple[Epoch, ...])
    return _Judged(contender, read_evaluation(contender.evaluation), history)


def _candidate(one: _Judged) -> Candidate:
    return Candidate(one.stages.name, one.evaluation.validation, one.evaluation.right)


def _verdict(
    one: _Judged, *, baseline: _Judged, dataset: DatasetVersion, doubts: Doubts, remedies: Remedies | None, curve: Curve
) -> Verdict:
    counts = dataset.label_counts("train")
    total = sum(counts.values())
    found = one.evaluation
    return judge(
        test=found.test,
        validation=found.validation,
        train=found.train,
        history=one.history,
        baseline=None if one is baseline else baseline.evaluation.validation,
        majority_share=max(counts.values()) / total,
        shares={label: number / total for label, number in counts.items()},
        doubts=doubts,
        p_value=difference_p_value(_candidate(one), _candidate(baseline)),
        remedies=remedies,
        curve=curve,
    )


def _metrics(one: _Judged) -> dict[str, float]:
    splits = {"train": one.evaluation.train, "validation": one.evaluation.validation, "test": one.evaluation.test}
    accuracy = {f"{split}_accuracy": metrics.accuracy for split, metrics in splits.items()}
    test = one.evaluation.test
    error = one.evaluation.examination.calibration.error
    return accuracy | {
        "test_macro_f1": test.macro_f1, "test_log_loss": test.log_loss, "test_calibration_error": error,
    }  # fmt: skip


def _report(
    one: _Judged,
    *,
    judged: Sequence[_Judged],
    choice: Choice,
    verdict: Verdict,
    dataset: DatasetVersion,
    lineage: Lineage,
    loaded: LoadedRecipe,
    doubts: Doubts,
    curve: Curve,
) -> Report:
    return Report(
        title=loaded.recipe.name,
        version=one.stages.candidate.result["version"],
        created=now(),
        verdict=verdict,
        choice=choice.sentence,
        candidates=tuple(_candidate_facts(other, deployed=other.stages.name == choice.name) for other in judged),
        dataset=dataset_facts(dataset),
        tokenizer=tokenizer_facts(one.stages.name, one.stages.tokenizer),
        hardest=one.evaluation.hardest,
        lineage=lineage_facts(lineage),
        recipe=loaded.text,
        pretraining=one.stages.pretraining,
        subject=one.stages.name,
        doubts=doubts,
        curve=tuple(curve),
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
        examination=one.evaluation.examination,
    )
