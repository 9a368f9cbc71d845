"""Texts foretold: a language model, beside counting."""

from __future__ import annotations

from typing import Any

from wenlu.base.errors import WenluError
from wenlu.corpus.version import DatasetVersion
from wenlu.pipeline.flows.flow import Flow, RunResult, with_suggestions
from wenlu.pipeline.recipe import Contender, contender_model
from wenlu.pipeline.stages.generate.candidate import candidate_stage
from wenlu.pipeline.stages.generate.evaluation import evaluation_stage
from wenlu.pipeline.stages.generate.model import model_stage
from wenlu.pipeline.stages.shelving import Contended
from wenlu.pipeline.stages.tokenizer import tokenizer_stage
from wenlu.pipeline.stages.training import training_stage

_WHOLE = 1 << 30  # ids a text: it is packed, not padded, so nothing need be cut off


def generate(flow: Flow) -> RunResult:
    """Raises WenluError: `empty_split`, and what the stages raise."""
    check_splits(flow.dataset)
    recipe = flow.recipe
    contender = with_defaults(flow.completed(recipe.mine))
    name = contender_model(contender).name
    tokenizer = flow.finish(tokenizer_stage(name, contender.reads, flow.dataset, flow.workspace))
    training = flow.finish(
        training_stage(
            name,
            contender,
            tokenizer,
            flow.dataset,
            aim="generate",
            start=flow.start_of(contender),
            cluster=flow.cluster,
        )
    )
    candidate = flow.finish(
        candidate_stage(contender, recipe=recipe, tokenizer=tokenizer, training=training, dataset=flow.dataset)
    )
    evaluation = flow.finish(evaluation_stage(candidate, flow.dataset))
    stages = Contended(name, tokenizer, training, candidate, evaluation)
    result = flow.finish(model_stage(flow.loaded, flow.run, stages, flow.dataset, flow.workspace)).result
    folder = flow.workspace.root / result["folder"]
    return RunResult(flow.run, result["model"], folder, f"{name} is deployed.", result["verdict"])


def with_defaults(contender: Contender) -> Contender:
    """What the recipe leaves out, as the size of the model suggests it; texts are read whole."""
    contender = with_suggestions(contender)
    text: dict[str, Any] = {} if "max_length" in contender.text.model_fields_set else {"max_length": _WHOLE}
    reads = contender.reads
    if isinstance(reads.tokenizer, dict) and reads.tokenizer.get("around"):
        # What stands between texts is the packing's business.
        text |= {"tokenizer": {**reads.tokenizer, "around": False}, "normalize": reads.normalize}
    return contender.model_copy(update={"text": contender.text.model_copy(update=text)})


def check_splits(dataset: DatasetVersion) -> None:
    """Raises WenluError `empty_split`."""
    empty = [split for split in ("train", "validation", "test") if not dataset.count(split)]
    if empty:
        raise WenluError(
            "empty_split",
            f"{dataset.reference} has no text in: {', '.join(empty)}.",
            hint="Bring more texts, or change data.split.",
        )
