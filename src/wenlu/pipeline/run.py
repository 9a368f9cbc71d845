"""A recipe from end to end."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

import msgspec

from wenlu.base.events import Events
from wenlu.corpus.version import DatasetVersion
from wenlu.pipeline.fit import look_at_files
from wenlu.pipeline.flows import FLOWS
from wenlu.pipeline.flows.flow import Flow, RunResult
from wenlu.pipeline.journal import Journal
from wenlu.pipeline.loading import LoadedRecipe
from wenlu.pipeline.stage import run_stage
from wenlu.pipeline.stages.dataset import dataset_stage
from wenlu.pipeline.tokenizers import open_tokenizer
from wenlu.pipeline.tracked import Tracked
from wenlu.storage.local import write_atomic
from wenlu.storage.workspace import Workspace


def run_recipe(loaded: LoadedRecipe, workspace: Workspace, events: Events, *, cluster: str | None = None) -> RunResult:
    """Run every stage whose inputs have changed, take the others from before, and put the models on the shelf.

    The Ray cluster at the address `cluster` does the work on single texts and the trainings, with the same outcome.
    Raises WenluError. Whatever finished before stays; the next run goes on from there.
    """
    run = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    folder = workspace.runs / run
    write_atomic(folder / "recipe.yaml", loaded.text.encode())
    recipe = loaded.recipe
    with Journal(folder, events) as journal:
        settings = recipe.model_dump(mode="json", include={"text", "model", "pretraining", "training"})
        with Tracked.by(recipe.track, journal, workspace, run=run, name=recipe.name, settings=settings) as tracked:
            result = _run(loaded, workspace, tracked, run, cluster)
        findings = msgspec.to_builtins(result.findings)
        told = {"model": result.model, "choice": result.choice, "verdict": result.verdict}
        judged = {"own": result.own, "findings": findings}
        journal.finish({"recipe": recipe.name, "settings": loaded.settings, **told, **judged})
    return result


def _run(loaded: LoadedRecipe, workspace: Workspace, events: Events, run: str, cluster: str | None) -> RunResult:
    recipe = loaded.recipe
    flow = FLOWS[recipe.aim]
    look_at_files(recipe)
    for contender in recipe.contenders().values():
        if contender.reads.saved is not None:
            open_tokenizer(workspace, contender.reads.saved)  # a name that is wrong is told before hours of import
    stage = run_stage(dataset_stage(recipe.data, workspace, cluster=cluster), workspace, events)
    dataset = DatasetVersion.open(workspace, stage.result["dataset"])
    result: RunResult = flow(Flow(run, loaded, dataset, workspace, events, cluster))
    return result
