"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Root = Annotated[
    Path | None,
    typer.Option("--root", help="Folder that holds datasets, models and runs [WENLU_ROOT, else .wenlu]"),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs")]


def print_json(value: object) -> None:
    """`value` as indented JSON on standard output."""
    import msgspec

    typer.echo(msgspec.json.format(msgspec.json.encode(value)).decode())
