"""A judged model from text to text → a sealed bundle on the shelf, with its report; it becomes the current one."""

from __future__ import annotations

from typing import Any

import msgspec

from wenlu.base.events import Events
from wenlu.bundle.manifest import MANIFEST
from wenlu.bundle.shelf import make_current
from wenlu.corpus.version import DatasetVersion
from wenlu.evaluation.seq2seq.facts import Judged, PairEpoch, PairReport
from wenlu.evaluation.seq2seq.report import render_report
from wenlu.evaluation.seq2seq.verdict import judge
from wenlu.pipeline.loading import LoadedRecipe
from wenlu.pipeline.stage import Stage
from wenlu.pipeline.stages.seq2seq.evaluation import read_evaluation
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


def model_stage(
    loaded: LoadedRecipe, run: str, stages: Contended, dataset: DatasetVersion, workspace: Workspace
) -> Stage:
    """Judge, report and seal."""

    def make(folder: Any, work: Any, events: Events) -> dict[str, Any]:
        judged = read_evaluation(stages.evaluation)
        history = msgspec.json.decode((stages.training.folder / HISTORY).read_bytes(), type=tuple[PairEpoch, ...])
        verdict = judge(judged, history)
        version = stages.candidate.result["version"]
        lineage = lineage_of(loaded, run, dataset, stages.training)
        report = PairReport(
            title=loaded.recipe.name,
            version=version,
            created=now(),
            verdict=verdict,
            judged=judged,
            history=history,
            best=stages.training.result["best_epoch"],
            parameters=stages.training.result["parameters"],
            seconds=stages.training.result["seconds"],
            dataset=dataset_facts(dataset),
            tokenizer=tokenizer_facts(stages.name, stages.tokenizer),
            lineage=lineage_facts(lineage),
            recipe=loaded.text,
        )
        shelve(stages.candidate, render_report(report), _metrics(judged), lineage, workspace)
        make_current(workspace, loaded.recipe.name, version)
        events.result(verdict.sentence)
        place = place_of(workspace, stages.candidate).relative_to(workspace.root)
        return {"model": f"{loaded.recipe.name}@{version}", "folder": str(place), "verdict": verdict.sentence}

    return Stage(
        name="model",
        inputs={"recipe": loaded.sha256, "evaluation": stages.evaluation.fingerprint},
        packages=("base", "storage", "drawing", "bundle", "evaluation", "pipeline.stages"),
        make=make,
        still_there=lambda result: (workspace.root / result["folder"] / MANIFEST).is_file(),
    )


def _metrics(judged: Judged) -> dict[str, float]:
    own, surprise = judged.own, judged.test.perplexity
    return {
        "test_rouge_l": own.rouge_l.value,
        "test_chrf": own.chrf.value,
        "test_exact": own.exact.value,
        "test_perplexity": surprise.value,
    }
