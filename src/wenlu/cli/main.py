"""`wenlu`: the command line's front door."""

from __future__ import annotations

import os
import sys
import traceback
from typing import Annotated, NoReturn

import typer

from wenlu.base.errors import WenluError
from wenlu.cli import chat, dataset, demo, doctor, key, model, predict, run, serve, tokenizer, tune

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
app.command("tune")(tune.tune)
app.command("serve")(serve.serve)
app.command("predict")(predict.predict)
app.command("chat")(chat.chat)
app.add_typer(dataset.app, name="dataset")
app.add_typer(tokenizer.app, name="tokenizer")
app.add_typer(model.app, name="model")
app.add_typer(key.app, name="key")


def main() -> None:
    """Run a command. What goes wrong is a sentence and exit code 1; `WENLU_TRACEBACK=1` shows the traceback too."""
    try:
        app()
    except WenluError as error:
        _fail(error.message, error.hint)
    except KeyboardInterrupt:
        sys.stderr.write("\nwenlu: stopped. What was finished is kept; the same command goes on from there.\n")
        sys.exit(130)
    except BrokenPipeError:  # `wenlu … | head`
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:
        place = f" ({error.filename})" if error.filename else ""
        _fail(
            f"{error.strerror or error}{place}.",
            "What was finished before is kept; the same command goes on from there.",
        )
    except Exception as error:  # the edge of the program: a mistake of ours is no reason to show our insides
        _fail(f"This should not have happened: {type(error).__name__}: {error}", "WENLU_TRACEBACK=1 shows where.")


def _fail(message: str, hint: str) -> NoReturn:
    """Say what went wrong and leave."""
    if os.environ.get("WENLU_TRACEBACK"):
        traceback.print_exc()
    sys.stderr.write(f"wenlu: {message}\n" + (f"       {hint}\n" if hint else ""))
    sys.exit(1)


if __name__ == "__main__":
    main()
