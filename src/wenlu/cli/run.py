"""`wenlu run`: a recipe from end to end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from wenlu.base.finding import Finding
from wenlu.cli.options import AsJson, Root, print_json

_THEN = {"chat": "talk    wenlu chat {}", "generate": "write   wenlu predict {} TEXT"}


def run(  # noqa: PLR0917  (typer reads options from parameters)
    recipe: Annotated[Path, typer.Argument(help="The recipe, a YAML file")],
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="key.key=value, over what the recipe says")
    ] = None,
    apply: Annotated[
        str | None, typer.Option(help="Follow this advice of the recipe's newest run: advice-1, advice-2, …")
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
    from wenlu.pipeline.advice import follow
    from wenlu.pipeline.loading import load_recipe
    from wenlu.pipeline.run import run_recipe
    from wenlu.storage.workspace import Workspace

    workspace = Workspace.at(root)
    if apply is None:
        loaded = load_recipe(recipe, settings=settings or [])
    else:
        advised = follow(recipe, apply, workspace, settings=settings or [])
        loaded = advised.loaded
        typer.echo("\n".join(advised.lines), err=True)
    result = run_recipe(loaded, workspace, Terminal(), cluster=cluster)
    if as_json:
        told = {"run": result.run, "model": result.model, "folder": str(result.folder), "verdict": result.verdict}
        print_json({**told, "own": result.own, "findings": result.findings})
        return
    typer.echo(f"\n{result.choice}\n{result.verdict}\n")
    for line in advice_lines(result.own, result.findings, recipe):
        typer.echo(line)
    then = _THEN.get(loaded.recipe.aim, "serve   wenlu serve {}").format(result.model)
    typer.echo(f"model   {result.model}\nreport  {result.folder / 'report.html'}\n{then}")


def advice_lines(own: str, findings: Sequence[Finding], recipe: Path) -> list[str]:
    """What to do next about the recipe's own model; nothing where it is healthy."""
    named = [one for one in findings if one.name]
    if not named:
        return []
    lines = [f"What to do about {own}:"]
    for one in named:
        lines += [f"  {one.name}  {one.sentence}", f"            {one.advice}"]
        lines += [f"            wenlu run {recipe} --apply {one.name}"] if one.changes else []
    return [*lines, ""]
