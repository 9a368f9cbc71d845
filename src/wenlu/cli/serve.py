"""`wenlu serve`: a model online."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from wenlu.cli.options import Root

Host = Annotated[str, typer.Option(help="Address to bind to; only this machine reaches the default")]
Port = Annotated[int, typer.Option(min=0, max=65_535, help="Port to bind to; 0 takes any that is free")]


def serve(  # noqa: PLR0917  (typer reads them)
    bundle: Annotated[str, typer.Argument(help="A model's name, name@version, or a bundle's folder")],
    host: Host = "127.0.0.1",
    port: Port = 5000,
    allow_host: Annotated[
        list[str] | None, typer.Option(help="A further name that requests may call it by, e.g. behind a proxy")
    ] = None,
    keys: Annotated[
        bool,
        typer.Option("--keys", help="Who asks needs a key of this workspace (wenlu key new)"),
    ] = False,
    cache_memory: Annotated[
        str, typer.Option(help="Memory for answers given before; 0 computes every text anew")
    ] = "64MiB",
    cache_disk: Annotated[str, typer.Option(help="Disk for them, which outlives the service; 0 for none")] = "1GiB",
    cache_folder: Annotated[
        Path | None, typer.Option(help="Where on disk; left out: answers in WENLU_CACHE, else in ~/.cache/wenlu")
    ] = None,
    root: Root = None,
) -> None:
    """Answer over HTTP until Ctrl-C. Refuses to start if the answers are not those recorded at training."""
    from wenlu.base.sizes import bytes_of
    from wenlu.bundle.shelf import find_model
    from wenlu.serving.cache.settings import CacheSettings
    from wenlu.serving.flow.keys import KeyFolder
    from wenlu.serving.service import serve as serve_bundle
    from wenlu.storage.workspace import Workspace

    workspace = Workspace.at(root)
    folder = find_model(workspace, bundle)
    serve_bundle(
        folder,
        host=host,
        port=port,
        allow_hosts=allow_host or (),
        keys=KeyFolder(workspace.keys) if keys else None,
        cache=CacheSettings(bytes_of(cache_memory), bytes_of(cache_disk), cache_folder),
        on_ready=lambda address: typer.echo(f"{bundle} answers at {address}"),
    )
