"""`wenlu key`: who may ask a service that others can reach."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wenlu.cli.options import AsJson, Root, print_json

if TYPE_CHECKING:
    from wenlu.serving.flow.keys import KeyFolder

app = typer.Typer(help="API keys of the services of a workspace.", no_args_is_help=True, rich_markup_mode=None)

Name = Annotated[str, typer.Argument(help="A key's name or id")]

_DAYS = {"h": 1 / 24, "d": 1.0, "w": 7.0, "y": 365.0}


@app.command("new")
def new(  # noqa: PLR0917  (typer reads options from parameters)
    name: Annotated[str, typer.Argument(help="Whose it is")],
    admin: Annotated[bool, typer.Option("--admin", help="It may read metrics too")] = False,
    model: Annotated[list[str] | None, typer.Option(help="A model it may ask; left out: all")] = None,
    requests: Annotated[str | None, typer.Option(help="Requests it may send, such as 10/s or 600/min")] = None,
    characters: Annotated[str | None, typer.Option(help="Characters it may send, such as 100000/min")] = None,
    at_once: Annotated[int | None, typer.Option(min=1, help="Requests at the same time")] = None,
    expires: Annotated[str | None, typer.Option(help="How long it is good, such as 90d; left out: for ever")] = None,
    root: Root = None,
) -> None:
    """Make a key and print it, this once: only a digest of it is kept."""
    from wenlu.serving.flow.keys import KeyRecord, now

    record = KeyRecord(
        id="",
        name=name,
        digest="",
        created=now().isoformat(),
        expires=None if expires is None else (now() + _span(expires)).isoformat(),
        scopes=["infer", "admin"] if admin else ["infer"],
        models=model or [],
        requests=requests,
        characters=characters,
        at_once=at_once,
    )
    typer.echo(_folder(root).new(record))


@app.command("list")
def list_all(root: Root = None, as_json: AsJson = False) -> None:
    """Every key, without its secret."""
    from wenlu.serving.flow.keys import now

    records = list(_folder(root).records())
    if as_json:
        print_json([record.model_dump(exclude={"digest"}) for record in records])
        return
    if not records:
        typer.echo("No keys yet. Make one: wenlu key new NAME")
    for record in records:
        state = "good" if record.usable(now()) else "revoked" if record.revoked else "expired"
        limits = [
            *([f"{record.requests} requests"] if record.requests else []),
            *([f"{record.characters} characters"] if record.characters else []),
            *([f"{record.at_once} at once"] if record.at_once else []),
            *([f"models {', '.join(record.models)}"] if record.models else []),
            *([f"until {record.expires:.10}"] if record.expires else []),
        ]
        typer.echo(f"{record.id}  {record.name:<16} {state:<8} {'+'.join(record.scopes):<12} {', '.join(limits)}")


@app.command("revoke")
def revoke(name: Name, root: Root = None) -> None:
    """No service lets it in any more, a second from now."""
    record = _folder(root).revoke(name)
    typer.echo(f"{record.name} ({record.id}) is revoked.")


@app.command("rotate")
def rotate(
    name: Name,
    overlap: Annotated[str, typer.Option(help="How long the old one stays good, such as 1d")] = "1d",
    root: Root = None,
) -> None:
    """A new key in place of one that ends soon; it is printed, this once."""
    typer.echo(_folder(root).rotate(name, overlap=_span(overlap)))


def _folder(root: Path | None) -> KeyFolder:
    from wenlu.serving.flow.keys import KeyFolder
    from wenlu.storage.workspace import Workspace

    return KeyFolder(Workspace.at(root).keys)


def _span(text: str) -> timedelta:
    found = re.fullmatch(r"(\d{1,5})([hdwy])", text)
    if found is None:
        raise typer.BadParameter(f"'{text}' is no span of time: write 12h, 90d, 4w or 1y.")
    return timedelta(days=int(found[1]) * _DAYS[found[2]])
