"""Following an advice: the change that a verdict names, laid over the recipe that was judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import yaml

from wenlu.base.component import component
from wenlu.base.errors import WenluError
from wenlu.base.finding import Finding
from wenlu.pipeline.loading import COMPONENTS, LoadedRecipe, load_recipe
from wenlu.pipeline.recipe import Recipe
from wenlu.storage.workspace import Workspace


class PastRun(msgspec.Struct, frozen=True):
    """What is left of a run that ended well: the recipe it ran, settings laid over it, and what was found."""

    recipe: str = ""
    settings: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    state: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Advised:
    """A recipe that follows an advice. `changed` tells each setting as it was and as it is, in words; `kept` are those
    that the judged run had laid over the recipe already."""

    loaded: LoadedRecipe
    run: str
    finding: Finding
    changed: tuple[str, ...]
    kept: tuple[str, ...]

    @property
    def lines(self) -> list[str]:
        """The same for people."""
        head = f"{self.finding.name} of run {self.run}: {self.finding.advice}"
        kept = [f"  {setting}  (as in that run)" for setting in self.kept]
        return [head, *kept, *(f"  {change}" for change in self.changed)]


def follow(path: Path, advice: str, workspace: Workspace, *, settings: Sequence[str] = ()) -> Advised:
    """The recipe at `path` with the change of an advice (`advice-1`) of its newest run that ended.

    What that run had laid over the recipe stays, so that advices add up; `settings` come last.
    Raises WenluError: `no_run`, `unknown_advice`, `no_change`, and what `load_recipe` raises.
    """
    name = load_recipe(path).recipe.name
    run = next(_runs_of(name, workspace), None)
    if run is None:
        raise WenluError(
            "no_run",
            f"No run of the recipe '{name}' has ended in {workspace.root}, so there is no advice to follow.",
            hint=f"Run it first: wenlu run {path}",
        )
    finding = _asked(advice, run)
    before = load_recipe(path, settings=run.settings)
    loaded = load_recipe(path, settings=[*run.settings, *finding.changes, *settings])
    changed = tuple(_changed(change, before.recipe, loaded.recipe) for change in (*finding.changes, *settings))
    return Advised(loaded, run.name, finding, changed, run.settings)


def _runs_of(recipe: str, workspace: Workspace) -> Iterator[PastRun]:
    """Runs of that name that ended well, the newest first."""
    for folder in sorted(workspace.runs.glob("[0-9]*/"), reverse=True):
        try:
            run = msgspec.json.decode((folder / "run.json").read_bytes(), type=PastRun)
        except (OSError, msgspec.MsgspecError):  # killed before it wrote a word, or half a disk ago
            continue
        if run.state == "succeeded" and run.recipe == recipe:
            yield msgspec.structs.replace(run, name=folder.name)


def _asked(advice: str, run: PastRun) -> Finding:
    named = {one.name: one for one in run.findings if one.name}
    if advice not in named:
        gave = f"gave {', '.join(named)}" if named else "gave none"
        raise WenluError(
            "unknown_advice", f"There is no advice '{advice}': run {run.name} {gave}.", hint=_listed(named.values())
        )
    if not named[advice].changes:
        raise WenluError(
            "no_change",
            f"{advice} of run {run.name} is nothing that a setting does: {named[advice].advice}",
            hint=_listed([one for one in named.values() if one.changes]),
        )
    return named[advice]


def _listed(findings: Any) -> str:
    return " ".join(f"{one.name}: {one.advice}" for one in findings)


def _changed(change: str, before: Recipe, after: Recipe) -> str:
    """`training.epochs: 3 → 6`."""
    key = change.partition("=")[0].strip()
    return f"{key}: {_shown(_standing(before, key))} → {_shown(_standing(after, key))}"


def _standing(recipe: Recipe, key: str) -> Any:
    """What a recipe has at a dotted key, said or not."""
    found: Any = recipe.model_dump(mode="json", exclude_none=True)
    path = ""
    for part in key.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
        path = f"{path}.{part}".lstrip(".")
        if path in COMPONENTS and found is not None and not (path == "model" and recipe.auto is not None):
            found = component(COMPONENTS[path], found, where=path).as_data()
    return found


def _shown(value: Any) -> str:
    if value is None:
        return "left out"
    return (
        yaml.safe_dump(value, allow_unicode=True, default_flow_style=True, width=10_000).removesuffix("...\n").strip()
    )
