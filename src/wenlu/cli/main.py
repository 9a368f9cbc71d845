"""`wenlu`: the command line's front door."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from wenlu.base.errors import WenluError
from wenlu.cli import dataset, demo, doctor, model, predict, run, serve

app = typer.Typer(
    name="wenlu",
    help="From raw Chinese or Japanese text to an online language-model service, on the machine you have.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"wenlu {version('wenlu')}")
        raise typer.Exit


@app.callback()
def front(
    asked: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """From raw Chinese or Japanese text to an online language-model service, on the machine you have."""


app.command("demo")(demo.demo)
app.command("doctor")(doctor.doctor)
app.command("run")(run.run)
app.command("serve")(serve.serve)
app.command("predict")(predict.predict)
app.add_typer(dataset.app, name="dataset")
app.add_typer(model.app, name="model")


def main() -> None:
    """Run a command; a WenluError becomes one sentence and exit code 1, never a traceback."""
    try:
        app()
    except WenluError as error:
        sys.stderr.write(f"wenlu: {error.message}\n")
        if error.hint:
            sys.stderr.write(f"       {error.hint}\n")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.stderr.write("\nwenlu: stopped. What was finished is kept; the same command goes on from there.\n")
        sys.exit(130)
    except BrokenPipeError:  # `wenlu … | head`
        sys.stderr.close()
        sys.exit(0)


if __name__ == "__main__":
    main()
