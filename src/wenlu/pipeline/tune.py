"""Better settings for a recipe, looked for until the time is up.

Each trial is a training stage of its own, so its data and tokenizer are made once, and a trial that was made before
costs nothing. Those that are worse half way than the others were end there. The search is kept in a file: killed and
started again, it goes on.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from wenlu.base.component import component
from wenlu.base.errors import WenluError, missing_package
from wenlu.base.events import Events, Silent
from wenlu.bundle.shelf import find_model
from wenlu.corpus.version import DatasetVersion
from wenlu.pipeline.flows import chat, generate, seq2seq
from wenlu.pipeline.flows.flow import with_suggestions
from wenlu.pipeline.loading import load_recipe
from wenlu.pipeline.recipe import Contender, Recipe, contender_model
from wenlu.pipeline.space import space_of
from wenlu.pipeline.spans import Between, Space
from wenlu.pipeline.stage import run_stage, work_folder
from wenlu.pipeline.stages.dataset import dataset_stage
from wenlu.pipeline.stages.pretraining import pretrain
from wenlu.pipeline.stages.seq2seq.tokenizer import halves_stage
from wenlu.pipeline.stages.teaching import teach
from wenlu.pipeline.stages.together import Start
from wenlu.pipeline.stages.tokenizer import tokenizer_stage
from wenlu.pipeline.stages.training import HISTORY, training_stage
from wenlu.storage.local import write_atomic
from wenlu.storage.workspace import Workspace
from wenlu.training.optimizers import OPTIMIZERS

if TYPE_CHECKING:
    from optuna.study import Study
    from optuna.trial import Trial

# By task: what of a round's record is looked at, under which name the loop tells it, and whether more is better.
_GOALS = {
    "classify": ("validation_accuracy", "validation_accuracy", True),
    "regress": ("validation_rmse", "validation_error", False),
    "generate": ("validation_loss", "validation_loss", False),
    "chat": ("validation_loss", "validation_loss", False),
    "seq2seq": ("validation_loss", "validation_loss", False),
    "autoencode": ("validation_loss", "validation_loss", False),
}

# By task: what fills in what a recipe leaves to its model, and what encodes its texts, where that is not the usual.
_COMPLETE = {
    "generate": generate.with_defaults,
    "seq2seq": seq2seq.with_defaults,
    "autoencode": seq2seq.with_defaults,
}
_ENCODED = {"seq2seq": halves_stage}


@dataclass(frozen=True, slots=True)
class Tried:
    """One trial: what was set, how it went (`None`: it was given up), and the seconds it took."""

    number: int
    settings: dict[str, Any]
    value: float | None
    seconds: float


@dataclass(frozen=True, slots=True)
class Found:
    """What a search leaves: the best settings over the recipe's, what they reached, and all trials, the best first."""

    measure: str
    settings: tuple[str, ...]
    value: float
    tried: tuple[Tried, ...]

    def table(self) -> list[str]:
        """A line a trial, for people."""
        return [
            f"{one.number:>4}  {'given up' if one.value is None else f'{one.value:.4f}':>8}  {one.seconds:6.0f} s  "
            + ", ".join(f"{key} {_shown(value)}" for key, value in one.settings.items())
            for one in self.tried
        ]


def tune(
    recipe: Path,
    workspace: Workspace,
    events: Events,
    *,
    budget: float,
    trials: int | None = None,
    settings: Sequence[str] = (),
    cluster: str | None = None,
) -> Found:
    """Look for settings until `budget` seconds are over or so many trials are done, the recipe's own first.

    On the Ray cluster at the address `cluster`, several at once. Raises WenluError: what loading and running a recipe
    raise, `no_trial` if none came to an end.
    """
    search = _Search(recipe, workspace, events, settings=settings, deadline=time.monotonic() + budget)
    return search.run(trials) if cluster is None else search.run_on(cluster, trials)


class _EndedError(Exception):
    """The time is up."""


class _Search:
    """One search over one recipe."""

    def __init__(
        self, path: Path, workspace: Workspace, events: Events, *, settings: Sequence[str], deadline: float
    ) -> None:
        self._path, self._settings, self._deadline = path, list(settings), deadline
        self._workspace, self._events = workspace, events
        self._loaded = load_recipe(path, settings=settings)
        self._recipe = self._loaded.recipe
        if self._recipe.auto is not None:
            raise WenluError(
                "bad_settings",
                "A search is of one model, and the recipe says auto.",
                hint="Run it, and tune what wins.",
            )
        self._contender = _contender(self._recipe, workspace)
        self._space = space_of(self._recipe, self._contender)
        self._measure, self._told, self._more_is_better = _GOALS[self._recipe.aim]

    def run(self, trials: int | None) -> Found:
        """Trials one after the other."""
        optuna = _optuna()
        spans = {key: distribution(span) for key, span in self._space.items()}
        self._import()
        study = self._study()
        if not study.trials:
            study.enqueue_trial(_own(self._contender, self._space), skip_if_exists=True)
        try:
            while trials is None or _done(study) < trials:
                trial = study.ask(spans)
                try:
                    study.tell(trial, self._try(trial, optuna))
                except optuna.TrialPruned:
                    study.tell(trial, state=optuna.trial.TrialState.PRUNED)
        except _EndedError:
            study.tell(trial, state=optuna.trial.TrialState.FAIL)
        return self._found(study)

    def run_on(self, cluster: str, trials: int | None) -> Found:
        """Trials on a Ray cluster, as many at once as it bears."""
        from wenlu.pipeline.tune_on_ray import Asked, search_on_ray

        self._import()
        study = self._study()
        recipe = self._log.with_suffix(".yaml")
        write_atomic(recipe, self._loaded.text.encode())
        asked = Asked(
            name=study.study_name,
            log=self._log,
            space={key: distribution(span) for key, span in self._space.items()},
            own=None if study.trials else _own(self._contender, self._space),
            more_is_better=self._more_is_better,
            seed=len(study.trials),
            budget=max(0.0, self._deadline - time.monotonic()),
            trials=None if trials is None else max(0, trials - _done(study)),
            value=partial(
                value_of, recipe=recipe, root=self._workspace.root.resolve(), dataset=self._dataset.reference
            ),
            gpu=self._contender.training.device == "cuda",
        )
        if asked.trials != 0:
            search_on_ray(asked, address=cluster)
        return self._found(self._study())

    def _import(self) -> None:
        stage = run_stage(dataset_stage(self._recipe.data, self._workspace), self._workspace, self._events)
        self._dataset = DatasetVersion.open(self._workspace, stage.result["dataset"])

    def _study(self) -> Study:
        """The one of this recipe, these settings and this space, begun or gone on with."""
        optuna = _optuna()
        from optuna.storages.journal import JournalFileBackend, JournalStorage

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        spans = {key: span.model_dump() if isinstance(span, Between) else span for key, span in self._space.items()}
        said = json.dumps([self._loaded.sha256, self._dataset.reference, spans], sort_keys=True)
        name = hashlib.sha256(said.encode()).hexdigest()[:12]
        self._log = self._workspace.root.resolve() / "searches" / f"{name}.log"
        self._log.parent.mkdir(parents=True, exist_ok=True)
        storage = JournalStorage(JournalFileBackend(str(self._log)))
        study: Study = optuna.create_study(
            storage=storage,
            study_name=name,
            direction="maximize" if self._more_is_better else "minimize",
            pruner=optuna.pruners.MedianPruner(n_startup_trials=4, n_warmup_steps=1),
            load_if_exists=True,
        )
        # a search that goes on with the seed it began with would try again what it has tried
        study.sampler = optuna.samplers.TPESampler(seed=len(study.trials))
        return study

    def _try(self, trial: Trial, optuna: Any) -> float:
        watch = _Watch(self._events, trial, self._told, deadline=self._deadline, pruned=optuna.TrialPruned)
        loaded = load_recipe(self._path, settings=[*self._settings, *_as_settings(trial.params, self._contender)])
        return _trained_value(
            f"trial {trial.number}",
            loaded.recipe,
            self._dataset,
            self._workspace,
            watch,
            before=self._events,
            given_up=optuna.TrialPruned,
        )

    def _found(self, study: Study) -> Found:
        tried = [
            Tried(
                trial.number, dict(trial.params), trial.value, trial.duration.total_seconds() if trial.duration else 0
            )
            for trial in study.trials
            if trial.state.is_finished() and trial.params
        ]
        ended = [one for one in tried if one.value is not None]
        if not ended:
            raise WenluError(
                "no_trial",
                "The time was up before one training had ended.",
                hint="Give a larger --budget; the search goes on from where it stopped.",
            )
        sign = -1 if self._more_is_better else 1
        ended.sort(key=lambda one: sign * (one.value or 0.0))
        best, given_up = ended[0], [one for one in tried if one.value is None]
        settings = (*self._settings, *_as_settings(best.settings, self._contender))
        return Found(self._measure, settings, best.value or 0.0, (*ended, *given_up))


class _Watch:
    """Events that end a training which is worse than others were, or when the time is up."""

    def __init__(self, events: Events, trial: Trial, told: str, *, deadline: float, pruned: type[Exception]) -> None:
        self._events, self._trial, self._told, self._deadline, self._pruned = events, trial, told, deadline, pruned
        self._rounds = 0

    def stage(self, name: str, *, reused: bool) -> None:
        self._events.stage(name, reused=reused)

    def progress(self, done: int, total: int | None, note: str = "") -> None:
        self._events.progress(done, total, note)
        if time.monotonic() > self._deadline:
            raise _EndedError

    def measured(self, step: int, values: Mapping[str, float]) -> None:
        self._events.measured(step, values)
        if self._told not in values:
            return
        self._trial.report(values[self._told], self._rounds)
        self._rounds += 1
        if self._trial.should_prune():
            raise self._pruned

    def wrote(self, step: int, prompt: str, text: str) -> None:
        self._events.wrote(step, prompt, text)

    def result(self, line: str) -> None:
        self._events.result(line)


def _optuna() -> Any:
    try:
        import optuna
    except ImportError:
        raise missing_package("optuna", extra="tune") from None
    return optuna


def distribution(span: Between | list[Any]) -> Any:
    """What Optuna draws a setting from."""
    distributions = _optuna().distributions
    if isinstance(span, list):
        return distributions.CategoricalDistribution(span)
    if span.whole:
        return distributions.IntDistribution(int(span.low), int(span.high))
    return distributions.FloatDistribution(span.low, span.high, log=span.log)


def value_of(
    chosen: Mapping[str, Any], tell: Callable[[float], None], *, recipe: Path, root: Path, dataset: str
) -> float:
    """What a recipe's model comes to with these settings; `tell` hears the value of each look at validation."""
    own = load_recipe(recipe).recipe
    workspace, told = Workspace(root), _GOALS[own.aim][1]
    loaded = load_recipe(recipe, settings=_as_settings(chosen, _contender(own, workspace)))
    name = f"trial {hashlib.sha256(json.dumps(dict(chosen), sort_keys=True).encode()).hexdigest()[:8]}"
    return _trained_value(name, loaded.recipe, DatasetVersion.open(workspace, dataset), workspace, _Told(told, tell))


def _trained_value(
    name: str,
    recipe: Recipe,
    dataset: DatasetVersion,
    workspace: Workspace,
    events: Events,
    *,
    before: Events | None = None,
    given_up: type[Exception] | tuple[()] = (),
) -> float:
    """The best of what the loop measured on validation; what a training that was given up had made so far goes.

    `events` hear of the training alone: what else is learned is measured otherwise. `before` hear of what comes first.
    """
    contender = _contender(recipe, workspace)
    measure, _, more_is_better = _GOALS[recipe.aim]
    start = None if contender.start is None else Start.of(find_model(workspace, contender.start))
    finish = partial(run_stage, workspace=workspace, events=before or Silent())
    first = pretrain("tried", contender, recipe.data, dataset, workspace, finish=finish, start=start)
    encoded = _ENCODED.get(recipe.aim) or partial(tokenizer_stage, learned=first.tokenizer if first else None)
    tokenizer = finish(encoded("tried", contender.reads, dataset, workspace))
    stage = training_stage(
        name,
        contender,
        tokenizer,
        dataset,
        aim=recipe.aim,
        start=start,
        pretrained=first.training if first else None,
        taught=teach("tried", contender, recipe.data, dataset, workspace, tokenizer=tokenizer, finish=finish),
    )
    try:
        finished = run_stage(stage, workspace, events)
    except given_up:
        shutil.rmtree(work_folder(stage, workspace), ignore_errors=True)
        raise
    rounds = msgspec.json.decode((finished.folder / HISTORY).read_bytes(), type=list[dict[str, Any]])
    values = [float(one[measure]) for one in rounds]
    return max(values) if more_is_better else min(values)


class _Told(Silent):
    """Events of which one value is passed on."""

    def __init__(self, name: str, tell: Callable[[float], None]) -> None:
        self._name, self._tell = name, tell

    def measured(self, step: int, values: Mapping[str, float]) -> None:
        if self._name in values:
            self._tell(values[self._name])


def _contender(recipe: Recipe, workspace: Workspace) -> Contender:
    """The user's model and how it is trained, nothing left out."""
    if recipe.aim == "chat":
        return chat.with_chat_defaults(recipe.mine, workspace)
    return _COMPLETE.get(recipe.aim, with_suggestions)(recipe.mine)


def _own(contender: Contender, space: Space) -> dict[str, Any]:
    """Where the recipe itself stands in the space; what it leaves to its model is chosen."""
    named = {"model": contender_model(contender).as_data(), "training": _training(contender)}
    found = {key: _at(named, key.split(".")) for key in space}
    return {key: value for key, value in found.items() if value is not None and _inside(value, space[key])}


def _inside(value: Any, span: Between | list[Any]) -> bool:
    return value in span if isinstance(span, list) else span.low <= value <= span.high


def _training(contender: Contender) -> dict[str, Any]:
    optimizer = component(OPTIMIZERS, contender.training.optimizer, where="training: optimizer")
    return {**contender.training.model_dump(mode="json"), "optimizer": optimizer.as_data()}


def _at(data: Any, path: Sequence[str]) -> Any:
    for part in path:
        data = data.get(part) if isinstance(data, Mapping) else None
    return data


def _as_settings(chosen: Mapping[str, Any], contender: Contender) -> list[str]:
    """As `--set` has them. The optimiser is said whole: a setting of one that the recipe leaves out has no place."""
    optimizer = json.dumps(_training(contender)["optimizer"])
    return [f"training.optimizer={optimizer}", *(f"{key}={json.dumps(value)}" for key, value in chosen.items())]


def _done(study: Study) -> int:
    return sum(trial.state.is_finished() for trial in study.trials)


def _shown(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
