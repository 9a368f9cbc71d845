"""`wenlu run`: a recipe from end to end."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from wenlu.cli.options import AsJson, Root, print_json

_THEN = {"chat": "talk    wenlu chat {}", "generate": "write   wenlu predict {} TEXT"}


def run(
    recipe: Annotated[Path, typer.Argument(help="The recipe, a YAML file")],
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="key.key=value, over what the recipe says")
    ] = None,
    cluster: Annotated[
        str | None, typer.Option(help="A Ray cluster that imports and trains: ray://HOST:10001, HOST:6379 or auto")
    ] = None,
    root: Root = None,
    as_json: AsJson = False,
) -> None:
    """Run a recipe: data, tokenizer, model and baseline, evaluation, a bundle ready to serve.

    Stages whose inputs have not changed are taken from before.
    """
    from wenlu.pipeline.threads import share_processors

    share_processors()
    from wenlu.cli.terminal import Terminal
    from wenlu.pipeline.recipe import load_recipe
    from wenlu.pipeline.run import run_recipe
    from wenlu.storage.workspace import Workspace

    loaded = load_recipe(recipe, settings=settings or [])
    result = run_recipe(loaded, Workspace.at(root), Terminal(), cluster=cluster)
    if as_json:
        print_json({"run": result.run, "model": result.model, "folder": str(result.folder), "verdict": result.verdict})
        return
    typer.echo(f"\n{result.choice}\n{result.verdict}\n")
    then = _THEN.get(loaded.recipe.aim, "serve   wenlu serve {}").format(result.model)
    typer.echo(f"model   {result.model}\nreport  {result.folder / 'report.html'}\n{then}")
