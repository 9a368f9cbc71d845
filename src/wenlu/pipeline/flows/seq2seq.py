"""Texts into texts: a model that rewrites, beside answers that nobody had to learn."""

from __future__ import annotations

from typing import Any

from wenlu.pipeline.flows.flow import Flow, RunResult
from wenlu.pipeline.flows.generate import check_splits
from wenlu.pipeline.recipe import Contender, contender_model
from wenlu.pipeline.stages.seq2seq.candidate import candidate_stage
from wenlu.pipeline.stages.seq2seq.evaluation import evaluation_stage
from wenlu.pipeline.stages.seq2seq.model import model_stage
from wenlu.pipeline.stages.seq2seq.tokenizer import halves_stage
from wenlu.pipeline.stages.shelving import Contended
from wenlu.pipeline.stages.tokenizer import tokenizer_stage
from wenlu.pipeline.stages.training import training_stage


def seq2seq(flow: Flow) -> RunResult:
    """Also where each text is its own target. Raises WenluError: `empty_split`, `no_pairs`, what the stages raise."""
    check_splits(flow.dataset)
    recipe = flow.recipe
    contender = with_defaults(recipe.mine)
    name = contender_model(contender).name
    encoded = tokenizer_stage if recipe.aim == "autoencode" else halves_stage
    tokenizer = flow.finish(encoded(name, contender.reads, flow.dataset, flow.workspace))
    training = flow.finish(
        training_stage(
            name,
            contender,
            tokenizer,
            flow.dataset,
            aim=recipe.aim,
            start=flow.start_of(contender),
            cluster=flow.cluster,
        )
    )
    candidate = flow.finish(
        candidate_stage(contender, recipe=recipe, tokenizer=tokenizer, training=training, dataset=flow.dataset)
    )
    evaluation = flow.finish(evaluation_stage(candidate, flow.dataset, aim=recipe.aim))
    stages = Contended(name, tokenizer, training, candidate, evaluation)
    result = flow.finish(model_stage(flow.loaded, flow.run, stages, flow.dataset, flow.workspace)).result
    folder = flow.workspace.root / result["folder"]
    return RunResult(flow.run, result["model"], folder, f"{name} is deployed.", result["verdict"])


def with_defaults(contender: Contender) -> Contender:
    """What the recipe leaves out, as the size of the model suggests it."""
    training = contender.training
    config: Any = contender_model(contender).config
    suggested = {key: value for key, value in config.suggested().items() if key not in training.model_fields_set}
    return contender.model_copy(update={"training": training.model_copy(update=suggested)})
