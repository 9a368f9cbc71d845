"""`wenlu model`: the bundles of a workspace."""

from __future__ import annotations

from pathlib import Path
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
        shown = _shown(manifest.metrics)
        mark = "*" if current else " "
        typer.echo(
            f"{mark} {manifest.name}@{manifest.version}  {manifest.architecture.name:<8} {shown}  {manifest.created}"
        )


def _shown(metrics: dict[str, float]) -> str:
    """How good it is on test, in a word."""
    if "test_accuracy" in metrics:
        return f"{metrics['test_accuracy']:.2%} on test"
    if "test_rouge_l" in metrics:
        return f"ROUGE-L {metrics['test_rouge_l']:.1%} on test"
    if "test_bits_per_character" in metrics:
        return f"{metrics['test_bits_per_character']:.3f} bits a character on test"
    return f"RMSE {metrics['test_rmse']:.4g} on test" if "test_rmse" in metrics else ""


@app.command("export")
def export(
    model: Annotated[str, typer.Argument(help="name, name@version, or a folder")],
    output: Annotated[Path, typer.Option(help="A new folder (hf), or a new file (onnx)")],
    to: Annotated[str, typer.Option(help="hf: a folder that transformers opens; onnx: a graph for any runtime")] = "hf",
    root: Root = None,
) -> None:
    """A model in a form that other programs open."""
    from wenlu.bundle.export.write import write_export
    from wenlu.bundle.seal import open_bundle
    from wenlu.bundle.shelf import find_model
    from wenlu.storage.workspace import Workspace

    bundle = open_bundle(find_model(Workspace.at(root), model))
    write_export(bundle, output, to=to)
    typer.echo(f"{bundle.title} is in {output}")


@app.command("show")
def show(model: Annotated[str, typer.Argument(help="name, name@version, or a folder")], root: Root = None) -> None:
    """Everything a model's manifest says, after its files are verified, as JSON."""
    from wenlu.bundle.seal import open_bundle
    from wenlu.bundle.shelf import find_model
    from wenlu.storage.workspace import Workspace

    print_json(open_bundle(find_model(Workspace.at(root), model)).manifest.model_dump())
