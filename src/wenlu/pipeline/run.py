"""A recipe from end to end."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from wenlu.base.errors import WenluError
from wenlu.base.events import Events
from wenlu.corpus.version import DatasetVersion
from wenlu.pipeline.journal import Journal
from wenlu.pipeline.recipe import Contender, LoadedRecipe, Recipe
from wenlu.pipeline.stage import Finished, Stage, run_stage
from wenlu.pipeline.stages.candidate import candidate_stage
from wenlu.pipeline.stages.dataset import dataset_stage
from wenlu.pipeline.stages.evaluation import evaluation_stage
from wenlu.pipeline.stages.model import Contended, model_stage
from wenlu.pipeline.stages.tokenizer import tokenizer_stage
from wenlu.pipeline.stages.training import training_stage
from wenlu.pipeline.tokenizers import open_tokenizer
from wenlu.storage.local import write_atomic
from wenlu.storage.workspace import Workspace


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a run leaves: the model it deploys (`name@version`), where it lies, and what was said of it."""

    run: str
    model: str
    folder: Path
    choice: str
    verdict: str


def run_recipe(loaded: LoadedRecipe, workspace: Workspace, events: Events) -> RunResult:
    """Run every stage whose inputs have changed, take the others from before, and put the models on the shelf.

    Raises WenluError. Whatever finished before stays; the next run goes on from there.
    """
    run = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    folder = workspace.runs / run
    write_atomic(folder / "recipe.yaml", loaded.text.encode())
    with Journal(folder, events) as journal:
        result = _run(loaded, workspace, journal, run)
        journal.finish({"model": result.model, "choice": result.choice, "verdict": result.verdict})
    return result


def _run(loaded: LoadedRecipe, workspace: Workspace, events: Events, run: str) -> RunResult:
    recipe = loaded.recipe
    for contender in recipe.contenders().values():
        if contender.text.saved is not None:
            open_tokenizer(workspace, contender.text.saved)  # a name that is wrong is told before hours of import
    stage = run_stage(dataset_stage(recipe.data, workspace), workspace, events)
    dataset = DatasetVersion.open(workspace, stage.result["dataset"])
    _check_labels(dataset, recipe)
    contended = [
        _contend(name, contender, recipe=recipe, dataset=dataset, workspace=workspace, events=events)
        for name, contender in recipe.contenders().items()
    ]
    final = run_stage(model_stage(loaded, run, contended, dataset, workspace), workspace, events)
    result = final.result
    return RunResult(run, result["model"], workspace.root / result["folder"], result["choice"], result["verdict"])


def _contend(
    name: str, contender: Contender, *, recipe: Recipe, dataset: DatasetVersion, workspace: Workspace, events: Events
) -> Contended:
    def run(stage: Stage) -> Finished:
        return run_stage(stage, workspace, events)

    tokenizer = run(tokenizer_stage(name, contender.text, dataset, workspace))
    training = run(training_stage(name, contender, tokenizer, dataset))
    candidate = run(
        candidate_stage(name, contender, recipe=recipe, tokenizer=tokenizer, training=training, dataset=dataset)
    )
    evaluation = run(evaluation_stage(name, candidate, dataset))
    return Contended(name, tokenizer, training, candidate, evaluation)


def _check_labels(dataset: DatasetVersion, recipe: Recipe) -> None:
    if len(dataset.labels) < 2:
        raise WenluError(
            "too_few_labels",
            f"{dataset.reference} has {len(dataset.labels)} label(s); a classifier needs two or more.",
            hint="Name the labels in the recipe's data.sources.",
        )
    empty = [split for split in ("train", "validation", "test") if not dataset.count(split)]
    if empty:
        raise WenluError(
            "empty_split",
            f"{dataset.reference} has no text in: {', '.join(empty)}.",
            hint="Bring more texts, or change data.split.",
        )
    positive = recipe.service.positive
    if positive is not None and (positive not in dataset.labels or len(dataset.labels) != 2):
        raise WenluError(
            "bad_settings",
            f"service.positive is '{positive}', and the labels are: {', '.join(dataset.labels)}.",
            hint="It names one of exactly two labels; leave it out otherwise.",
        )
