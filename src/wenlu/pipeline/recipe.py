"""The one file a user writes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import model_validator

from wenlu.base.component import Component, component
from wenlu.base.errors import WenluError
from wenlu.base.spec import Field, Spec, check
from wenlu.base.table import Table
from wenlu.corpus.filters import FILTERS
from wenlu.corpus.settings import DataConfig
from wenlu.models import MODELS, Brought
from wenlu.pipeline.auto import AutoConfig, candidates, is_auto, read_auto
from wenlu.pipeline.distil import DistilConfig
from wenlu.pipeline.pretraining import PretrainingConfig
from wenlu.pipeline.spans import Choices
from wenlu.pipeline.trackers import TRACKERS
from wenlu.storage.names import checked_name
from wenlu.text.chat.templates import TEMPLATES
from wenlu.text.imported import ImportConfig
from wenlu.text.longer import ExtendConfig
from wenlu.text.normalize import Normalizer
from wenlu.text.pipeline import PipelineConfig
from wenlu.text.segment import SEGMENTERS
from wenlu.text.tokenizers import TOKENIZERS
from wenlu.training.losses import LOSSES
from wenlu.training.optimizers import OPTIMIZERS
from wenlu.training.schedules import SCHEDULES
from wenlu.training.settings import TrainingConfig

Aim = Literal["classify", "regress", "generate", "chat", "seq2seq", "autoencode"]
WRITERS = ("generate", "chat")


class TextConfig(PipelineConfig):
    """How texts become ids: learned in the run, or taken as it was learned before."""

    saved: str | None = Field(
        default=None, description="A tokenizer of this workspace, name or name@version, taken as it is"
    )

    extend: ExtendConfig | None = Field(
        default=None, description="Further pieces for a tokenizer that exists, learned from the training texts"
    )

    @model_validator(mode="after")
    def _saved_or_learned(self) -> Self:
        also = {"normalize", "tokenizer"} & self.model_fields_set
        if self.saved is not None and also:
            raise ValueError(f"'saved' brings its own {' and '.join(sorted(also))}")
        return self

    @property
    def to_learn(self) -> PipelineConfig:
        """The same without a saved one."""
        return PipelineConfig(**self.model_dump(exclude={"saved", "extend"}))


class Contender(Spec):
    """A text pipeline, a model and how it is trained."""

    text: TextConfig = TextConfig()
    model: str | dict[str, Any] = Field(description="A row of the models, with settings")
    start: str | None = Field(default=None, description="A model whose weights, and tokenizer, it begins with")
    pretraining: PretrainingConfig | None = Field(
        default=None, description="What its backbone learns from texts without labels first"
    )
    distil: DistilConfig | None = Field(default=None, description="Whose answers it learns from, beside the labels")
    training: TrainingConfig = TrainingConfig()

    @property
    def reads(self) -> TextConfig:
        """The text part; where the start is a model and nothing else is said, that model's; else what the model itself
        was trained with elsewhere."""
        said = {"saved", "tokenizer", "normalize"} & self.text.model_fields_set
        if self.start is not None and not said:
            return self.text.model_copy(update={"saved": self.start})
        config = contender_model(self).config
        brought = config.tokenizer() if isinstance(config, Brought) else None
        if brought is None or {"saved", "tokenizer"} & said:
            return self.text
        normalize = self.text.normalize if "normalize" in said else []
        return self.text.model_copy(update={"tokenizer": brought, "normalize": normalize})

    @property
    def to_pretrain(self) -> Contender | None:
        """The same with the training of its backbone for its own, if that has one of its own."""
        if self.pretraining is None:
            return None
        return self.model_copy(update={"training": self.pretraining.whole_training})


# The trivial model of each task: character n-grams, counted in seconds. Many a network loses to it.
BASELINES: Mapping[str, Contender] = {
    "classify": Contender(
        text=TextConfig(normalize=["lower"], tokenizer={"name": "char", "min_count": 1}, max_length=2048),
        model={"name": "linear"},
        training=TrainingConfig(
            optimizer={"name": "adam", "learning_rate": 0.02},
            schedule={"name": "linear"},
            loss={"name": "hinge"},
            clip=1000.0,
            batch=128,
            epochs=3,
        ),
    ),
    "regress": Contender(
        text=TextConfig(normalize=["lower"], tokenizer={"name": "char", "min_count": 2}, max_length=1024),
        model={"name": "bag"},
        training=TrainingConfig(optimizer={"name": "adam", "learning_rate": 0.01}, batch=256, epochs=12, patience=2),
    ),
}


class ServiceConfig(Spec):
    """How the deployed model answers."""

    positive: str | None = Field(default=None, description="Of a binary model: the label that /sentiment tells of")
    abstain: float | None = Field(
        default=None, gt=0, lt=1, description="Of a classifier: a less probable answer says that it abstained"
    )
    host: str = Field(default="127.0.0.1", description="Address the service is bound to")
    port: int = Field(default=5000, ge=0, le=65_535, description="Port; 0 takes any that is free")


class EvaluationConfig(Spec):
    """What is looked at beyond the usual."""

    learning_curve: bool = Field(
        default=False,
        description="Of a classifier: train it on a quarter and on a half of the texts too, to see what more would do",
    )


class Recipe(Spec):
    """Data → text → model → training → evaluation → service."""

    wenlu: Literal[1] = Field(description="Version of the recipe's form")
    name: str = Field(description="What the model will be called")
    task: Aim | None = Field(
        default=None,
        description="What the model is to do; left out: what its row does first, or what data.target or chat data say",
    )
    data: DataConfig
    text: TextConfig = TextConfig()
    model: str | dict[str, Any] = Field(description="A row of the models, with settings; or auto")
    start: str | None = Field(
        default=None, description="A model, name, name@version or folder, whose weights and tokenizer it begins with"
    )
    pretraining: PretrainingConfig | None = Field(
        default=None, description="What the model's backbone learns from texts without labels, before it is trained"
    )
    distil: DistilConfig | None = Field(
        default=None, description="Models whose answers a classifier learns from, beside the labels"
    )
    training: TrainingConfig = TrainingConfig()
    baseline: Contender | None = Field(
        default=None, description="The trivial model that is trained beside yours; left out: one of character n-grams"
    )
    evaluation: EvaluationConfig = EvaluationConfig()
    service: ServiceConfig = ServiceConfig()
    track: list[str] = Field(default=[], description="Rows of the trackers that show the curves of training too")

    search: dict[str, Choices] = Field(
        default={}, description="What `wenlu tune` may change: a dotted setting, and a span or values to choose from"
    )

    @property
    def aim(self) -> Aim:
        """The task, said or not."""
        if self.task is None and self.data.target == "number":
            return "regress"
        if self.auto is not None:
            return self.task or "classify"
        first: Aim = component(MODELS, self.model, where="model").kind.task
        if self.task is None and first == "generate" and self.data.chat:
            return "chat"
        return self.task or first

    @property
    def auto(self) -> AutoConfig | None:
        """How long is looked and among what, where the recipe leaves the model to us."""
        return read_auto(self.model)

    @property
    def mine(self) -> Contender:
        """The user's model and how it is trained."""
        return Contender(
            text=self.text,
            model=self.model,
            start=self.start,
            pretraining=self.pretraining,
            distil=self.distil,
            training=self.training,
        )

    def contenders(self) -> dict[str, Contender]:
        """The user's model, or what is tried in its place, and the trivial one, by the name a report calls them."""
        own = self._own()
        beside = self.baseline or BASELINES.get(self.aim)
        if beside is None:
            return own
        trivial = component(MODELS, beside.model, where="baseline: model").name
        return {**own, (f"{trivial} (baseline)" if trivial in own else trivial): beside}

    def _own(self) -> dict[str, Contender]:
        if self.auto is None:
            return {component(MODELS, self.model, where="model").name: self.mine}
        pairs = any(len(source.text_columns) > 1 for source in self.data.sources)
        tried = candidates(self.auto, task=self.aim, language=self.data.language, pairs=pairs)
        return {name: check(Contender, settings, where=f"model auto: {name}") for name, settings in tried.items()}


@dataclass(frozen=True, slots=True)
class LoadedRecipe:
    """A checked recipe, its text as it was run (settings from the command line included), that text's digest, and the
    settings themselves."""

    recipe: Recipe
    text: str
    sha256: str
    settings: tuple[str, ...] = ()


def load_recipe(path: Path, *, settings: Sequence[str] = ()) -> LoadedRecipe:
    """Read a recipe and lay `key.key=value` settings over it.

    Raises WenluError: `no_recipe`, `bad_yaml` (with line), `bad_settings` (all mistakes at once).
    """
    try:
        written = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise WenluError("no_recipe", f"The recipe {path} can't be read: {error}.", hint="See: ls recipes/") from None
    data = _unshared(_parsed(written, where=str(path)))
    for setting in settings:
        _lay_over(data, setting)
    looks: list[Callable[[], object]] = [lambda: check(Recipe, data, where=str(path)), *_looks_at_components(data)]
    mistakes = [mistake for look in looks if (mistake := _mistake(look))]
    if mistakes:
        raise WenluError("bad_settings", " ".join(mistakes))
    recipe = check(Recipe, data, where=str(path))
    _check_fit(recipe)
    text = written if not settings else yaml.safe_dump(data, allow_unicode=True, sort_keys=False)
    return LoadedRecipe(recipe, text, hashlib.sha256(text.encode()).hexdigest(), tuple(settings))


def contender_model(contender: Contender) -> Component:
    """The checked model of a contender."""
    return component(MODELS, contender.model, where="model")


def kept_model(contender: Contender) -> Component:
    """The same as a bundle keeps it: whatever lay elsewhere is in its settings, or in the weights."""
    named = contender_model(contender)
    return replace(named, config=named.config.sealed()) if isinstance(named.config, Brought) else named


def _check_fit(recipe: Recipe) -> None:
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
    mistakes += [mistake for contender in recipe.contenders().values() for mistake in _unfit(contender, recipe.aim)]
    mistakes += [
        "text.extend lengthens a tokenizer that exists, and this one is learned anew: name one in text.saved, or give "
        "text.tokenizer a larger max_size."
        for contender in recipe.contenders().values()
        if (reads := contender.reads).extend is not None and reads.saved is None and not _imported(reads)
    ]
    if mistakes:
        raise WenluError("bad_settings", " ".join(mistakes))


def _unfit(contender: Contender, aim: Aim) -> list[str]:
    """What a contender's model can't do that is asked of it."""
    named = contender_model(contender)
    mistakes = [] if contender.pretraining is None else _unfit_to_pretrain(contender, contender.pretraining, aim)
    if contender.distil is not None and aim != "classify":
        mistakes.append(f"distil: it is for classifiers, and this recipe is to {aim}.")
    if contender.training.samples is not None and aim not in WRITERS:
        mistakes.append(f"training.samples: {named.name} is no language model, and writes nothing.")
    return mistakes


def _unfit_to_pretrain(contender: Contender, config: PretrainingConfig, aim: Aim) -> list[str]:
    """Why a contender's backbone can't learn to fill in masked ids."""
    named, mistakes = contender_model(contender), []
    tokenizer = component(TOKENIZERS, contender.text.tokenizer, where="text.tokenizer")
    if aim in WRITERS:
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
    if recipe.aim in WRITERS:
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


# Where a recipe names components, in its own part and again under `baseline`.
COMPONENTS: Mapping[str, Table] = {
    "text.tokenizer": TOKENIZERS,
    "text.tokenizer.segmenter": SEGMENTERS,
    "model": MODELS,
    "training.optimizer": OPTIMIZERS,
    "training.schedule": SCHEDULES,
    "training.loss": LOSSES,
    "pretraining.training.optimizer": OPTIMIZERS,
    "pretraining.training.schedule": SCHEDULES,
}


def _looks_at_components(data: Mapping[str, Any]) -> list[Callable[[], object]]:
    """Look every named component up, so that a mistake in the last stage is not found after an hour of the first."""
    looks: list[Callable[[], object]] = [
        partial(component, table, named, where=place)
        for path, table in COMPONENTS.items()
        for place in (path, f"baseline.{path}")
        if (named := _at(data, place)) is not None and not (place == "model" and is_auto(named))
    ]
    looks += [
        partial(Normalizer, steps)
        for place in ("data.clean.normalize", "text.normalize", "baseline.text.normalize")
        if isinstance(steps := _at(data, place), list) and all(isinstance(step, str) for step in steps)
    ]
    if isinstance(filters := _at(data, "data.clean.filters"), list):
        looks += [partial(component, FILTERS, named, where="data.clean.filters") for named in filters]
    if isinstance(template := _at(data, "text.template"), str):
        looks.append(partial(TEMPLATES.__getitem__, template))
    if isinstance(track := data.get("track"), list):
        looks += [partial(TRACKERS.__getitem__, name) for name in track if isinstance(name, str)]
    if isinstance(data.get("name"), str):
        looks.append(partial(checked_name, data["name"], what="model"))
    return looks


def _at(data: Any, path: str) -> Any:
    """What stands at a dotted path, None if nothing does."""
    for part in path.split("."):
        data = data.get(part) if isinstance(data, Mapping) else None
    return data


def _mistake(look: Callable[[], object]) -> str:
    try:
        look()
    except WenluError as error:
        return str(error)
    return ""


class _StrictLoader(yaml.SafeLoader):
    """Safe YAML that refuses a key written twice, where plain YAML silently keeps the last."""


def _mapping_without_doubles(loader: _StrictLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[Any] = set()
    for key_node, _ in node.value:
        if key_node.tag == "tag:yaml.org,2002:merge":
            continue
        key = loader.construct_object(key_node, deep=True)
        if key in seen:
            raise yaml.constructor.ConstructorError(None, None, f"the key '{key}' stands twice", key_node.start_mark)
        seen.add(key)
    return loader.construct_mapping(node, deep=True)


# YAML 1.1 takes 1e-4 for a word, and everybody means a number.
_StrictLoader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+$"), list("-+.0123456789")
)
_StrictLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping_without_doubles)


def _yaml(written: str) -> Any:
    return yaml.load(written, Loader=_StrictLoader)  # noqa: S506  (a SafeLoader)


def _parsed(written: str, *, where: str) -> dict[str, Any]:
    try:
        data = _yaml(written)
    except yaml.YAMLError as error:
        raise WenluError("bad_yaml", f"{where} is not YAML: {' '.join(str(error).split())}.") from None
    if not isinstance(data, dict):
        raise WenluError("bad_yaml", f"{where} should hold a mapping of settings, and holds {type(data).__name__}.")
    return data


def _unshared(data: Any) -> Any:
    """A copy in which nothing is shared: a setting laid over one use of a YAML anchor must not change the others."""
    if isinstance(data, dict):
        return {key: _unshared(value) for key, value in data.items()}
    return [_unshared(value) for value in data] if isinstance(data, list) else data


def _lay_over(data: dict[str, Any], setting: str) -> None:
    """Set one `key.key=value`; the value is YAML."""
    key, equals, value = setting.partition("=")
    path = key.strip().split(".")
    if not equals or not all(path):
        raise WenluError(
            "bad_setting", f"'{setting}' is not of the form key.key=value.", hint="--set training.epochs=3"
        )
    current: Any = data
    for part in path[:-1]:
        below = current.get(part)
        if isinstance(below, str):  # `model: lstm` in short; its settings want the long form
            below = current[part] = {"name": below}
        current = current.setdefault(part, {})
        if not isinstance(current, Mapping):
            raise WenluError("bad_setting", f"'{key}': {part} holds no settings of its own.")
    current[path[-1]] = _yaml(value)
