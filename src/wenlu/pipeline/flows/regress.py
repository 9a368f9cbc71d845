"""Texts into a number: the user's model and the trivial one side by side, the better one deployed."""

from __future__ import annotations

from wenlu.base.errors import WenluError
from wenlu.corpus.statistics import statistics_of
from wenlu.corpus.version import DatasetVersion
from wenlu.pipeline.flows.contest import contest
from wenlu.pipeline.flows.flow import Flow, RunResult
from wenlu.pipeline.recipe import Contender
from wenlu.pipeline.stages.candidate import candidate_stage
from wenlu.pipeline.stages.regress.evaluation import evaluation_stage
from wenlu.pipeline.stages.regress.model import model_stage
from wenlu.pipeline.stages.shelving import Contended
from wenlu.pipeline.stages.tokenizer import tokenizer_stage
from wenlu.pipeline.stages.training import training_stage


def regress(flow: Flow) -> RunResult:
    """Raises WenluError: `empty_split`, `one_number`, and what the stages raise."""
    _check_numbers(flow.dataset)
    contended = contest(flow, _contend)
    result = flow.finish(model_stage(flow.loaded, flow.run, contended, flow.dataset, flow.workspace)).result
    return flow.left(result)


def _contend(flow: Flow, name: str, contender: Contender) -> Contended:
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
            aim="regress",
            start=flow.start_of(contender),
            pretrained=first.training if first else None,
            cluster=flow.cluster,
        )
    )
    candidate = flow.finish(
        candidate_stage(name, contender, recipe=recipe, tokenizer=tokenizer, training=training, dataset=dataset)
    )
    evaluation = flow.finish(evaluation_stage(name, candidate, training, dataset))
    return Contended(name, tokenizer, training, candidate, evaluation, first.facts if first else None)


def _check_numbers(dataset: DatasetVersion) -> None:
    empty = [split for split in ("train", "validation", "test") if not dataset.count(split)]
    if empty:
        raise WenluError(
            "empty_split",
            f"{dataset.reference} has no text in: {', '.join(empty)}.",
            hint="Bring more texts, or change data.split.",
        )
    spread = statistics_of(dataset).targets
    train = None if spread is None else spread.splits["train"]
    if train is not None and train.least == train.most:
        raise WenluError(
            "one_number",
            f"Every training text of {dataset.reference} has the number {train.least:g}: there is nothing to learn.",
            hint="Is data.sources.label_column the right one?",
        )
