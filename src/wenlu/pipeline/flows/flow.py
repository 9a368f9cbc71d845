"""What every flow is given, and what it leaves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import msgspec

from wenlu.base.component import Component
from wenlu.base.events import Events
from wenlu.base.finding import Finding
from wenlu.bundle.manifest import Architecture
from wenlu.bundle.seal import read_manifest
from wenlu.bundle.shelf import find_model
from wenlu.corpus.version import DatasetVersion
from wenlu.models import Brought
from wenlu.pipeline.loading import LoadedRecipe
from wenlu.pipeline.recipe import Contender, Recipe, contender_model
from wenlu.pipeline.stage import Finished, Stage, run_stage
from wenlu.pipeline.stages.pretraining import Pretrained, pretrain
from wenlu.pipeline.stages.teaching import teach
from wenlu.pipeline.stages.together import Start
from wenlu.storage.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Flow:
    """One run of a recipe over its dataset; its trainings run here, or on the Ray cluster at the address `cluster`."""

    run: str
    loaded: LoadedRecipe
    dataset: DatasetVersion
    workspace: Workspace
    events: Events
    cluster: str | None = None

    @property
    def recipe(self) -> Recipe:
        return self.loaded.recipe

    def start_of(self, contender: Contender) -> Start | None:
        """The model that a contender begins with, if any; raises WenluError `unknown_model`."""
        return None if contender.start is None else Start.of(find_model(self.workspace, contender.start))

    def pretrain(self, name: str, contender: Contender) -> Pretrained | None:
        """What a contender's backbone learned first, if its recipe asks for that."""
        return pretrain(
            name,
            contender,
            self.recipe.data,
            self.dataset,
            self.workspace,
            finish=self.finish,
            start=self.start_of(contender),
            cluster=self.cluster,
        )

    def teach(self, name: str, contender: Contender, tokenizer: Finished) -> Finished | None:
        """What a contender's teachers answer, if its recipe names any; raises WenluError `unknown_model`."""
        return teach(
            name,
            contender,
            self.recipe.data,
            self.dataset,
            self.workspace,
            tokenizer=tokenizer,
            finish=self.finish,
            cluster=self.cluster,
        )

    def completed(self, contender: Contender) -> Contender:
        """With what the recipe leaves out: the architecture of the start, where the model's row holds other people's,
        and the training that its model suggests."""
        named = contender_model(contender)
        if contender.start is not None and isinstance(named.config, Brought):
            named = _begun(named, read_manifest(find_model(self.workspace, contender.start)).architecture)
            contender = contender.model_copy(update={"model": named.as_data()})
        return with_suggestions(contender)

    def finish(self, stage: Stage) -> Finished:
        """The stage's result, from before or made now."""
        return run_stage(stage, self.workspace, self.events)

    def left(self, result: dict[str, Any]) -> RunResult:
        """What the last stage of a contest came to."""
        return RunResult(
            self.run,
            result["model"],
            self.workspace.root / result["folder"],
            result["choice"],
            result["verdict"],
            result["own"],
            msgspec.convert(result["findings"], tuple[Finding, ...]),
        )


def with_suggestions(contender: Contender) -> Contender:
    """With the settings of training that the model suggests, where the recipe says nothing."""
    training, config = contender.training, contender_model(contender).config
    if not isinstance(config, Suggests):
        return contender
    suggested = config.suggested(length=training.packing.length, adapter=training.lora is not None)
    left_out = {key: value for key, value in suggested.items() if key not in training.model_fields_set}
    return contender.model_copy(update={"training": training.model_copy(update=left_out)})


@runtime_checkable
class Suggests(Protocol):
    """The Config of a model that knows how it is trained well."""

    def suggested(self, *, length: int, adapter: bool = False) -> dict[str, Any]:
        """Settings of a training on rows of `length` ids, of the weights or of adapters beside them."""


def _begun(named: Component, start: Architecture) -> Component:
    """A model of which neither path nor architecture is said: that of the start."""
    config: Any = named.config
    if start.name != named.name or config.path or config.architecture:
        return named
    return replace(named, config=config.model_copy(update={"architecture": start.config["architecture"]}))


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a run leaves: the model it deploys (`name@version`), where it lies, and what was said of it.

    `findings` are those of `own`, the recipe's own model, deployed or not; each that asks for something has a name.
    """

    run: str
    model: str
    folder: Path
    choice: str
    verdict: str
    own: str = ""
    findings: tuple[Finding, ...] = ()
