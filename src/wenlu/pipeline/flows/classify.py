"""Texts into classes: the user's model and the trivial one side by side, the better one deployed."""

from __future__ import annotations

from wenlu.base.errors import WenluError
from wenlu.corpus.version import DatasetVersion
from wenlu.pipeline.flows.contest import contest
from wenlu.pipeline.flows.curve import learning_curve
from wenlu.pipeline.flows.flow import Flow, RunResult
from wenlu.pipeline.recipe import Contender, Recipe
from wenlu.pipeline.stages.candidate import candidate_stage
from wenlu.pipeline.stages.evaluation import evaluation_stage
from wenlu.pipeline.stages.model import model_stage
from wenlu.pipeline.stages.shelving import Contended
from wenlu.pipeline.stages.suspicion import suspicion_stage
from wenlu.pipeline.stages.tokenizer import tokenizer_stage
from wenlu.pipeline.stages.training import training_stage


def classify(flow: Flow) -> RunResult:
    """Raises WenluError: `too_few_labels`, `empty_split`, `bad_settings`, and what the stages raise."""
    _check_labels(flow.dataset, flow.recipe)
    contended = contest(flow, contend)
    suspicion = flow.finish(suspicion_stage(flow.dataset))
    own = max(contended[:-1] or contended, key=lambda one: float(one.evaluation.result["validation_accuracy"]))
    curve = learning_curve(flow, own) if flow.recipe.evaluation.learning_curve else ()
    stage = model_stage(
        flow.loaded, flow.run, contended, flow.dataset, flow.workspace, suspicion=suspicion, own=own, curve=curve
    )
    result = flow.finish(stage).result
    return flow.left(result)


def contend(flow: Flow, name: str, contender: Contender) -> Contended:
    """One contender through its stages."""
    recipe, dataset = flow.recipe, flow.dataset
    contender = flow.completed(contender)
    first = flow.pretrain(name, contender)
    tokenizer = flow.finish(
        tokenizer_stage(name, contender.reads, dataset, flow.workspace, learned=first.tokenizer if first else None)
    )
    training = flow.finish(
        training_stage(
            name,
            contender,
            tokenizer,
            dataset,
            aim="classify",
            start=flow.start_of(contender),
            pretrained=first.training if first else None,
            taught=flow.teach(name, contender, tokenizer),
            cluster=flow.cluster,
        )
    )
    candidate = flow.finish(
        candidate_stage(name, contender, recipe=recipe, tokenizer=tokenizer, training=training, dataset=dataset)
    )
    evaluation = flow.finish(evaluation_stage(name, candidate, dataset))
    return Contended(name, tokenizer, training, candidate, evaluation, first.facts if first else None)


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
    splits = ("train", "validation", "test")
    if bare := sum(dataset.count(split) - sum(dataset.label_counts(split).values()) for split in splits):
        raise WenluError(
            "unlabelled",
            f"{bare:,} texts of {dataset.reference} have no label.",
            hint="Give every source in data.sources a label, a label_column or label_from.",
        )
    positive = recipe.service.positive
    if positive is not None and (positive not in dataset.labels or len(dataset.labels) != 2):
        raise WenluError(
            "bad_settings",
            f"service.positive is '{positive}', and the labels are: {', '.join(dataset.labels)}.",
            hint="It names one of exactly two labels; leave it out otherwise.",
        )
