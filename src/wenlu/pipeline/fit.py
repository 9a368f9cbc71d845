"""Whether the parts of a recipe, each right by itself, go together."""

from __future__ import annotations

from typing import Any

from wenlu.base.component import component
from wenlu.base.errors import WenluError
from wenlu.models import MODELS, Brought
from wenlu.pipeline.pretraining import PretrainingConfig
from wenlu.pipeline.recipe import JUDGES, WRITERS, Aim, Contender, Recipe, TextConfig, contender_model
from wenlu.text.imported import ImportConfig
from wenlu.text.tokenizers import TOKENIZERS
from wenlu.training.losses import LOSSES


def check_fit(recipe: Recipe) -> None:
    """Raises WenluError `bad_settings` where parts that are each right don't go together."""
    loss_of = "seq2seq" if recipe.aim == "autoencode" else recipe.aim
    mistakes = [
        f"{place}: {named.name} is a loss of {named.kind.task}, and this recipe is to {recipe.aim}."
        for place, training in (
            ("training.loss", recipe.training),
            *([("baseline.training.loss", recipe.baseline.training)] if recipe.baseline else []),
        )
        if training.loss is not None and (named := component(LOSSES, training.loss, where=place)).kind.task != loss_of
    ]
    if recipe.auto is not None:
        mistakes += _auto_mistakes(recipe)
    if (recipe.aim == "regress") != (recipe.data.target == "number"):
        mistakes.append(
            f"The recipe is to {recipe.aim}, and data.target is {recipe.data.target}: regress wants number."
        )
    if recipe.aim == "chat" and not recipe.data.chat:
        mistakes.append("The recipe is to chat, and data.sources hold no conversations: give them format: chat.")
    if recipe.aim != "classify" and recipe.evaluation.learning_curve:
        mistakes.append(f"evaluation.learning_curve is for classifiers, and this recipe is to {recipe.aim}.")
    if recipe.aim == "regress" and recipe.service.positive is not None:
        mistakes.append("service.positive names a label, and this recipe is to regress.")
    if recipe.aim != "classify" and recipe.service.abstain is not None:
        mistakes.append(f"service.abstain is for classifiers, and this recipe is to {recipe.aim}.")
    for contender in recipe.contenders().values():
        place = "baseline.model" if contender is recipe.baseline else "model"
        mistakes += [*_unable(contender, recipe.aim, place=place), *_unfit(contender, recipe.aim)]
    if mistakes:
        raise WenluError("bad_settings", " ".join(mistakes))


def _unable(contender: Contender, aim: Aim, *, place: str) -> list[str]:
    named = contender_model(contender)
    able = [name for name in MODELS if aim in MODELS[name].tasks]
    return [] if aim in named.kind.tasks else [f"{place}: {named.name} can't {aim}; {', '.join(able)} can."]


def _unfit(contender: Contender, aim: Aim) -> list[str]:
    """What a contender's model can't do that is asked of it."""
    named = contender_model(contender)
    mistakes = [] if contender.pretraining is None else _unfit_to_pretrain(contender, contender.pretraining, aim)
    if contender.distil is not None and aim != "classify":
        mistakes.append(f"distil: it is for classifiers, and this recipe is to {aim}.")
    if contender.training.samples is not None and aim not in WRITERS:
        mistakes.append(f"training.samples: {named.name} is no language model, and writes nothing.")
    reads = contender.reads
    if reads.extend is not None and reads.saved is None and not _imported(reads):
        mistakes.append(
            "text.extend lengthens a tokenizer that exists, and this one is learned anew: name one in text.saved, or "
            "give text.tokenizer a larger max_size."
        )
    return mistakes


def _unfit_to_pretrain(contender: Contender, config: PretrainingConfig, aim: Aim) -> list[str]:
    """Why a contender's backbone can't learn to fill in masked ids."""
    named, mistakes = contender_model(contender), []
    tokenizer = component(TOKENIZERS, contender.text.tokenizer, where="text.tokenizer")
    if aim not in JUDGES:
        mistakes.append(f"pretraining: it is for models that answer about texts, and this recipe is to {aim}.")
    elif not hasattr(named.kind, "filler"):
        able = [name for name in MODELS if hasattr(MODELS[name], "filler")]
        mistakes.append(f"pretraining: {named.name} has no backbone to be trained first; {', '.join(able)} has one.")
    if contender.text.saved is None and not reads_once(tokenizer.kind):
        mistakes.append(f"pretraining: {tokenizer.name} reads a text twice, so what is masked stands there again.")
    mistakes += [
        f"pretraining.training: it has no {setting}."
        for setting in ("loss", "samples")
        if getattr(config.training, setting) is not None
    ]
    return mistakes


def reads_once(tokenizer: type[Any]) -> bool:
    """If no id tells what another one stands for."""
    return bool(getattr(tokenizer, "cut_once", True))


def _auto_mistakes(recipe: Recipe) -> list[str]:
    if recipe.aim not in JUDGES:
        return ["model: auto is to classify or to regress; name a language model, such as decoder."]
    chosen = [key for key in ("text", "pretraining", "distil", "training", "start") if key in recipe.model_fields_set]
    mistakes = [f"model: auto brings its own text and training, so leave out: {', '.join(chosen)}."] if chosen else []
    if not recipe.contenders().keys() - {"linear", "bag"}:
        mistakes.append("model.among names nothing that suits these texts.")
    return mistakes


def look_at_files(recipe: Recipe) -> None:
    """Look at what lies elsewhere and models begin with; raises WenluError where it isn't there or does not fit."""
    for contender in recipe.contenders().values():
        config = contender_model(contender).config
        if isinstance(config, Brought) and contender.start is None:
            config.look(recipe.aim, longest=contender.text.max_length)


def _imported(reads: TextConfig) -> bool:
    return isinstance(component(TOKENIZERS, reads.tokenizer, where="text: tokenizer").config, ImportConfig)
