"""The one file a user writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal, Self

from pydantic import model_validator

from wenlu.base.component import Component, component
from wenlu.base.spec import Field, Spec, check
from wenlu.corpus.settings import DataConfig
from wenlu.models import MODELS, Brought
from wenlu.pipeline.auto import AutoConfig, candidates, read_auto
from wenlu.pipeline.distil import DistilConfig
from wenlu.pipeline.pretraining import PretrainingConfig
from wenlu.pipeline.spans import Choices
from wenlu.text.longer import ExtendConfig
from wenlu.text.pipeline import PipelineConfig
from wenlu.training.settings import TrainingConfig

Aim = Literal["classify", "regress", "generate", "chat", "seq2seq", "autoencode"]
JUDGES, WRITERS = ("classify", "regress"), ("generate", "chat")


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
        first: Aim = component(MODELS, self.model, where="model").kind.tasks[0]
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


def contender_model(contender: Contender) -> Component:
    """The checked model of a contender."""
    return component(MODELS, contender.model, where="model")


def kept_model(contender: Contender) -> Component:
    """The same as a bundle keeps it: whatever lay elsewhere is in its settings, or in the weights."""
    named = contender_model(contender)
    return replace(named, config=named.config.sealed()) if isinstance(named.config, Brought) else named
