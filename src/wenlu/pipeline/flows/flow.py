"""What every flow is given, and what it leaves."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from wenlu.base.events import Events
from wenlu.bundle.shelf import find_model
from wenlu.corpus.version import DatasetVersion
from wenlu.pipeline.recipe import Contender, LoadedRecipe, Recipe
from wenlu.pipeline.stage import Finished, Stage, run_stage
from wenlu.pipeline.stages.pretraining import Pretrained, pretrain
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

    def finish(self, stage: Stage) -> Finished:
        """The stage's result, from before or made now."""
        return run_stage(stage, self.workspace, self.events)


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a run leaves: the model it deploys (`name@version`), where it lies, and what was said of it."""

    run: str
    model: str
    folder: Path
    choice: str
    verdict: str
