"""Conversations: a language model that answers, beside counting."""

from __future__ import annotations

from typing import Any

from wenlu.base.errors import WenluError
from wenlu.pipeline.flows.flow import Flow, RunResult
from wenlu.pipeline.flows.generate import check_splits, with_defaults
from wenlu.pipeline.recipe import Contender, contender_model
from wenlu.pipeline.stages.chat.evaluation import evaluation_stage
from wenlu.pipeline.stages.generate.candidate import candidate_stage
from wenlu.pipeline.stages.generate.model import model_stage
from wenlu.pipeline.stages.shelving import Contended
from wenlu.pipeline.stages.tokenizer import tokenizer_stage
from wenlu.pipeline.stages.training import training_stage
from wenlu.pipeline.tokenizers import open_tokenizer
from wenlu.storage.workspace import Workspace

_TEMPLATE = "chatml"


def chat(flow: Flow) -> RunResult:
    """Raises WenluError: `empty_split`, `bad_settings`, and what the stages raise."""
    check_splits(flow.dataset)
    contender = with_chat_defaults(flow.completed(flow.recipe.mine), flow.workspace)
    name = contender_model(contender).name
    tokenizer = flow.finish(tokenizer_stage(name, contender.reads, flow.dataset, flow.workspace))
    start = flow.start_of(contender)
    training = flow.finish(
        training_stage(name, contender, tokenizer, flow.dataset, aim="chat", start=start, cluster=flow.cluster)
    )
    candidate = flow.finish(
        candidate_stage(contender, recipe=flow.recipe, tokenizer=tokenizer, training=training, dataset=flow.dataset)
    )
    evaluation = flow.finish(evaluation_stage(candidate, flow.dataset))
    stages = Contended(name, tokenizer, training, candidate, evaluation)
    result = flow.finish(model_stage(flow.loaded, flow.run, stages, flow.dataset, flow.workspace)).result
    folder = flow.workspace.root / result["folder"]
    return RunResult(flow.run, result["model"], folder, f"{name} is deployed.", result["verdict"])


def with_chat_defaults(contender: Contender, workspace: Workspace) -> Contender:
    """What the recipe leaves out, as for other language models, with a template and a window.

    Raises WenluError `bad_settings` for a window that can't be, `unknown_tokenizer`.
    """
    if "max_length" in contender.text.model_fields_set:
        raise WenluError(
            "bad_settings",
            "text.max_length does not cut conversations: they are cut to a row of ids.",
            hint="Set training.packing.length.",
        )
    return _with_window(with_defaults(_with_template(contender, workspace)))


def _with_template(contender: Contender, workspace: Workspace) -> Contender:
    """The template that the recipe names, else that of the tokenizer it begins with, else the usual one. Rows are as
    long as the model reads, unless the recipe says how long."""
    saved = contender.reads.saved
    template = contender.text.template or (open_tokenizer(workspace, saved).config.template if saved else None)
    packing = contender.training.packing
    if "length" not in packing.model_fields_set:
        packing = packing.model_copy(update={"length": _context(contender)})
    return contender.model_copy(
        update={
            "text": contender.text.model_copy(update={"template": template or _TEMPLATE}),
            "training": contender.training.model_copy(update={"packing": packing}),
        }
    )


def _with_window(contender: Contender) -> Contender:
    """Conversations are cut to a row, which no model reads more than whole."""
    length, context = contender.training.packing.length, _context(contender)
    if length > context:
        raise WenluError(
            "bad_settings",
            f"training.packing.length = {length:,} is more than the {context:,} ids that the model reads.",
            hint="Raise model.context, or lower it.",
        )
    return contender.model_copy(update={"text": contender.text.model_copy(update={"max_length": length})})


def _context(contender: Contender) -> int:
    config: Any = contender_model(contender).config
    return int(config.context)
