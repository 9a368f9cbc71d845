"""`wenlu demo`: the whole way on real reviews, ending with a live service."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from wenlu.base.errors import WenluError
from wenlu.cli.options import Root
from wenlu.cli.serve import Port

_SENTENCE = "这家店的服务很好，下次还会再来"
_RECIPE = "seed-lstm.yaml"


def demo(
    recipe: Annotated[Path | None, typer.Option(help="Another recipe to run")] = None,
    check: Annotated[bool, typer.Option("--check", help="Ask the service one question, then leave")] = False,
    port: Port = 5000,
    root: Root = None,
) -> None:
    """Train a sentiment classifier on 35,123 real reviews, then answer over HTTP until Ctrl-C."""
    from wenlu.pipeline.threads import share_processors

    share_processors()
    from wenlu.cli.terminal import Terminal
    from wenlu.pipeline.loading import load_recipe
    from wenlu.pipeline.run import run_recipe
    from wenlu.storage.workspace import Workspace

    result = run_recipe(load_recipe(recipe or _shipped()), Workspace.at(root), Terminal())
    typer.echo(f"\n{result.choice}\n{result.verdict}\n\nreport   {result.folder / 'report.html'}")
    if check:
        _check(result.folder)
        return
    from wenlu.serving.service import serve

    serve(result.folder, host="127.0.0.1", port=port, on_ready=_invite)


def _shipped() -> Path:
    """The demo's recipe: beside us in the wheel, or in the checkout that an editable installation points to."""
    package = Path(str(files("wenlu")))
    places = (package / "recipes" / _RECIPE, package.parents[1] / "recipes" / _RECIPE)
    return next((place for place in places if place.exists()), places[0])


def _invite(address: str) -> None:
    typer.echo(f"service  {address}   (docs: {address}/docs, stop: Ctrl-C)\n\nAsk it:\n")
    typer.echo(
        f"  curl -s {address}/v1/predict -H 'content-type: application/json' "
        f"""-d '{{"inputs": ["{_SENTENCE}"]}}'\n"""
    )


def _check(folder: Path) -> None:
    """Start the service as a user would, ask it over HTTP, and stop it."""
    from wenlu.sdk.client import Client
    from wenlu.serving.service import serving

    with serving(folder) as address, Client(address) as client:
        answer = client.predict([_SENTENCE])[0]
        typer.echo(f"service  {address}\nasked    {_SENTENCE}\nanswer   {answer.label} ({answer.score:.1%})")
        if answer.label != "positive":
            raise WenluError("wrong_answer", f"The service calls '{_SENTENCE}' {answer.label}.")
