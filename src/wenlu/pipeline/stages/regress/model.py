"""Judged models of numbers → sealed bundles on the shelf, each with the report; the better one becomes current."""

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
from wenlu.evaluation.choose import Choice
from wenlu.evaluation.found import Remedies
from wenlu.evaluation.regression.choose import Candidate, choose
from wenlu.evaluation.regression.facts import CandidateFacts, Report
from wenlu.evaluation.regression.report import render_report
from wenlu.evaluation.regression.verdict import Epoch, judge
from wenlu.evaluation.report import report_json
from wenlu.evaluation.verdict import Verdict
from wenlu.pipeline.loading import LoadedRecipe
from wenlu.pipeline.recipe import Recipe
from wenlu.pipeline.stage import Stage
from wenlu.pipeline.stages.regress.evaluation import Evaluation, read_evaluation
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


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What all contenders together came to; `own` is the recipe's own model, of several the best."""

    judged: Sequence[_Judged]
    choice: Choice
    verdicts: dict[str, Verdict]
    own: str

    @classmethod
    def of(cls, contended: Sequence[Contended], recipe: Recipe) -> _Outcome:
        judged = list(map(_judged, contended))
        choice = choose(
            [Candidate(one.stages.name, one.evaluation.validation, one.evaluation.errors) for one in judged]
        )
        own = min(judged[:-1] or judged, key=lambda one: one.evaluation.validation.rmse.value)
        verdicts = {
            one.stages.name: _verdict(
                one, baseline=judged[-1], remedies=remedies_for(one.stages, recipe) if one is own else None
            )
            for one in judged
        }
        return cls(judged, choice, verdicts, own.stages.name)

    @property
    def deployed(self) -> Contended:
        return next(one.stages for one in self.judged if one.stages.name == self.choice.name)


def model_stage(
    loaded: LoadedRecipe, run: str, contended: Sequence[Contended], dataset: DatasetVersion, workspace: Workspace
) -> Stage:
    """Choose, judge, report and seal. The first contender is the user's, the last the trivial one."""

    def make(folder: Path, work: Path, events: Events) -> dict[str, Any]:
        outcome = _Outcome.of(contended, loaded.recipe)
        for one in outcome.judged:
            lineage = lineage_of(loaded, run, dataset, one.stages.training, pretraining=one.stages.pretraining)
            facts = _report(one, outcome, dataset=dataset, lineage=lineage, loaded=loaded)
            told = report_json(facts)
            shelve(one.stages.candidate, render_report(facts), _metrics(one.evaluation), lineage, workspace, told=told)
        name, version = loaded.recipe.name, outcome.deployed.candidate.result["version"]
        make_current(workspace, name, version)
        verdict = outcome.verdicts[outcome.choice.name].sentence
        events.result(outcome.choice.sentence)
        events.result(verdict)
        place = place_of(workspace, outcome.deployed.candidate).relative_to(workspace.root)
        return {
            "model": f"{name}@{version}",
            "folder": str(place),
            "choice": outcome.choice.sentence,
            "verdict": verdict,
            "own": outcome.own,
            "findings": msgspec.to_builtins(outcome.verdicts[outcome.own].findings),
        }

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


def _verdict(one: _Judged, *, baseline: _Judged, remedies: Remedies | None) -> Verdict:
    found = one.evaluation
    return judge(
        test=found.test,
        validation=found.validation,
        train=found.train,
        history=one.history,
        baseline=None if one is baseline else baseline.evaluation.validation,
        remedies=remedies,
    )


def _metrics(found: Evaluation) -> dict[str, float]:
    splits = {"train": found.train, "validation": found.validation, "test": found.test}
    rmse = {f"{split}_rmse": metrics.rmse.value for split, metrics in splits.items()}
    test = {name: getattr(found.test, name).value for name in ("pearson", "spearman", "mae", "r2")}
    return rmse | {f"test_{name}": value for name, value in test.items()}


def _report(
    one: _Judged, outcome: _Outcome, *, dataset: DatasetVersion, lineage: Lineage, loaded: LoadedRecipe
) -> Report:
    name = one.stages.name
    return Report(
        title=loaded.recipe.name,
        version=one.stages.candidate.result["version"],
        created=now(),
        verdict=outcome.verdicts[name],
        choice=outcome.choice.sentence,
        candidates=tuple(_candidate(other, deployed=other.stages is outcome.deployed) for other in outcome.judged),
        dataset=dataset_facts(dataset),
        tokenizer=tokenizer_facts(name, one.stages.tokenizer),
        answers=one.evaluation.answers,
        worst=one.evaluation.worst,
        lineage=lineage_facts(lineage),
        recipe=loaded.text,
        pretraining=one.stages.pretraining,
        subject=name,
    )


def _candidate(one: _Judged, *, deployed: bool) -> CandidateFacts:
    training, found = one.stages.training.result, one.evaluation
    return CandidateFacts(
        name=one.stages.name,
        parameters=training["parameters"],
        seconds=training["seconds"],
        history=one.history,
        train=found.train,
        validation=found.validation,
        test=found.test,
        deployed=deployed,
    )
