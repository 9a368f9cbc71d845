"""`wenlu model`: the bundles of a workspace."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from wenlu.cli import evaluate
from wenlu.cli.options import AsJson, Root, print_json

app = typer.Typer(help="Trained models, as sealed bundles.", no_args_is_help=True, rich_markup_mode=None)
app.command("evaluate")(evaluate.evaluate)


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


@app.command("compress")
def compress(  # noqa: PLR0917  (typer reads options from parameters)
    model: Annotated[str, typer.Argument(help="A classifier: name, name@version, or a folder")],
    drop: Annotated[
        float, typer.Option("--max-accuracy-drop", min=0, max=100, help="Points of accuracy on test that may be lost")
    ] = 0.5,
    size: Annotated[str | None, typer.Option("--max-size", help="What a service reads at most, such as 5MB")] = None,
    p95: Annotated[
        str | None, typer.Option("--max-p95", help="Time that 95 of 100 single answers take at most, such as 2ms")
    ] = None,
    methods: Annotated[
        list[str] | None,
        typer.Option("--method", help="A chain to try, such as vocabulary,min_count=3+int8; left out: the usual ones"),
    ] = None,
    name: Annotated[str | None, typer.Option(help="Name of what is kept; left out: the model's with -small")] = None,
    root: Root = None,
    as_json: AsJson = False,
) -> None:
    """Try smaller and faster forms of a model, measure them here, and keep the best that meets the budget."""
    from wenlu.pipeline.threads import share_processors

    share_processors()
    from wenlu.base.sizes import bytes_of
    from wenlu.base.spec import check
    from wenlu.cli.terminal import Terminal
    from wenlu.compression.budget import Budget, seconds_of
    from wenlu.pipeline.compress import compress as look
    from wenlu.storage.workspace import Workspace

    said = {
        "max_accuracy_drop": drop,
        "max_size": None if size is None else bytes_of(size),
        "max_p95": None if p95 is None else seconds_of(p95),
    }
    budget = check(Budget, said, where="wenlu model compress")
    result = look(model, Workspace.at(root), Terminal(), budget=budget, chains=methods or (), name=name)
    if as_json:
        print_json({"model": result.model, "folder": str(result.folder), "found": result.found})
        return
    typer.echo(f"\n{result.found.choice.sentence}\n\nmodel   {result.model}")
    typer.echo(f"report  {result.folder / 'report.html'}\nserve   wenlu serve {result.model}")


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
