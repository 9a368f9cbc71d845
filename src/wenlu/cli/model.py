"""`wenlu model`: the bundles of a workspace."""

from __future__ import annotations

from typing import Annotated

import typer

from wenlu.cli.options import AsJson, Root, print_json

app = typer.Typer(help="Trained models, as sealed bundles.", no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
def list_all(root: Root = None, as_json: AsJson = False) -> None:
    """Every version of every model; * marks the one that its name means."""
    from wenlu.bundle.shelf import list_models
    from wenlu.storage.workspace import Workspace

    models = list(list_models(Workspace.at(root)))
    if as_json:
        print_json([{**manifest.model_dump(exclude={"files"}), "current": current} for manifest, current in models])
        return
    if not models:
        typer.echo("No models yet. Train one: wenlu run recipes/seed-lstm.yaml")
    for manifest, current in models:
        accuracy = manifest.metrics.get("test_accuracy")
        shown = "" if accuracy is None else f"{accuracy:.2%} on test"
        mark = "*" if current else " "
        typer.echo(
            f"{mark} {manifest.name}@{manifest.version}  {manifest.architecture.name:<8} {shown}  {manifest.created}"
        )


@app.command("show")
def show(model: Annotated[str, typer.Argument(help="name, name@version, or a folder")], root: Root = None) -> None:
    """Everything a model's manifest says, after its files are verified, as JSON."""
    from wenlu.bundle.seal import open_bundle
    from wenlu.bundle.shelf import find_model
    from wenlu.storage.workspace import Workspace

    print_json(open_bundle(find_model(Workspace.at(root), model)).manifest.model_dump())
