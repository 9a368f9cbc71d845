"""`wenlu tune`: better settings for a recipe within a given time."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from wenlu.base.errors import WenluError
from wenlu.cli.options import AsJson, Root, print_json

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}


def tune(  # noqa: PLR0917  (typer reads options from parameters)
    recipe: Annotated[Path, typer.Argument(help="The recipe, a YAML file; its `search:` says what may change")],
    budget: Annotated[str, typer.Option(help="How long it may look, such as 90s, 10m or 2h")] = "10m",
    trials: Annotated[int | None, typer.Option(min=1, help="Trainings at most; left out: until the time is up")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="key.key=value, over what the recipe says")
    ] = None,
    cluster: Annotated[
        str | None, typer.Option(help="A Ray cluster that makes the trials, several at once: HOST:6379, or auto")
    ] = None,
    run: Annotated[bool, typer.Option(help="Run the whole recipe with the best settings at the end")] = True,
    root: Root = None,
    as_json: AsJson = False,
) -> None:
    """Look for better settings of a recipe, then run it with the best. Killed and started again, it goes on."""
    from wenlu.pipeline.threads import share_processors

    share_processors()
    from wenlu.cli.terminal import Terminal
    from wenlu.pipeline.loading import load_recipe
    from wenlu.pipeline.run import run_recipe
    from wenlu.pipeline.tune import tune as look
    from wenlu.storage.workspace import Workspace

    workspace, events = Workspace.at(root), Terminal()
    found = look(
        recipe, workspace, events, budget=_seconds(budget), trials=trials, settings=settings or [], cluster=cluster
    )
    result = run_recipe(load_recipe(recipe, settings=found.settings), workspace, events) if run else None
    if as_json:
        print_json({
            "measure": found.measure,
            "value": found.value,
            "settings": found.settings,
            "trials": [{"settings": one.settings, "value": one.value, "seconds": one.seconds} for one in found.tried],
            "model": result.model if result else None,
        })  # fmt: skip
        return
    typer.echo(f"\n{found.measure} of {len(found.tried)} trials, the best first:\n")
    for line in found.table():
        typer.echo(line)
    said = " ".join(f"--set '{setting}'" for setting in found.settings)
    typer.echo(f"\nthe best again: wenlu run {recipe} {said}")
    if result:
        typer.echo(f"\n{result.choice}\n{result.verdict}\n\nmodel   {result.model}")


def _seconds(said: str) -> float:
    """
    >>> _seconds("90s"), _seconds("1.5h")
    (90.0, 5400.0)
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh])", said.strip())
    if found is None or float(found[1]) == 0:
        raise WenluError("bad_settings", f"--budget {said}: should be a time such as 90s, 10m or 2h.")
    return float(found[1]) * _UNITS[found[2]]
