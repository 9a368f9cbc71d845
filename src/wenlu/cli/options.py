"""Options that several commands share."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

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


def row_with_settings(said: str) -> dict[str, Any]:
    """`word,segmenter=sudachi` or `language,keep=[ja,han]` as a component's data; raises WenluError for a mistake.

    >>> row_with_settings("language,keep=[ja,han]")
    {'name': 'language', 'keep': ['ja', 'han']}
    """
    import yaml

    from wenlu.base.errors import WenluError

    name, *settings = re.split(r",(?![^\[]*\])", said)
    pairs = [setting.partition("=") for setting in settings]
    try:
        named = {key: yaml.safe_load(value) for key, sign, value in pairs if sign}
    except yaml.YAMLError:
        named = {}
    if len(named) != len(pairs):
        raise WenluError("bad_settings", f"{said}: not settings.", hint="Write them as NAME,key=value,key=[one,two].")
    return {"name": name, **named}
