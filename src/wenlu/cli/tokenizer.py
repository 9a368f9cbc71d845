"""`wenlu tokenizer`: how texts become ids."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wenlu.cli.options import AsJson, Root, print_json, row_with_settings

if TYPE_CHECKING:
    from wenlu.text.figures import PipelineFigures
    from wenlu.text.pipeline import PipelineConfig
    from wenlu.text.tokenizers import Tokenizer

app = typer.Typer(help="How texts become ids.", no_args_is_help=True, rich_markup_mode=None)

_ROWS = ("word", "char", "bpe", "unigram")

Normalize = Annotated[
    str, typer.Option(help="Steps after the dataset's own cleaning, with commas between; '' for none")
]


@app.command("train")
def train(  # noqa: PLR0917  (typer reads options from parameters)
    dataset: Annotated[str, typer.Argument(help="name or name@version; its training texts are learned from")],
    name: Annotated[str, typer.Option(help="What the tokenizer will be called")],
    kind: Annotated[str, typer.Option(help="A row with settings: bpe, or word,segmenter=sudachi,min_count=3")] = "bpe",
    normalize: Normalize = "lower",
    root: Root = None,
    as_json: AsJson = False,
) -> None:
    """Learn a tokenizer from a dataset and keep it, frozen, under a name."""
    from wenlu.cli.terminal import Terminal
    from wenlu.corpus.version import DatasetVersion
    from wenlu.pipeline.tokenizers import train_tokenizer
    from wenlu.storage.workspace import Workspace

    workspace = Workspace.at(root)
    version = DatasetVersion.open(workspace, dataset)
    manifest = train_tokenizer(name, _config(kind, normalize), version, workspace, Terminal())
    if as_json:
        print_json(manifest)
        return
    typer.echo(f"{manifest.reference}: {manifest.size:,} ids ({manifest.tokenizer}) {manifest.learned}")


@app.command("list")
def list_all(root: Root = None, as_json: AsJson = False) -> None:
    """Every version of every tokenizer."""
    from wenlu.pipeline.tokenizers import list_tokenizers
    from wenlu.storage.workspace import Workspace

    manifests = list_tokenizers(Workspace.at(root))
    if as_json:
        print_json(manifests)
        return
    if not manifests:
        typer.echo("No tokenizers yet. Train one: wenlu tokenizer train DATASET --name NAME")
    for one in manifests:
        typer.echo(f"{one.reference}  {one.size:>7,} ids  {one.tokenizer}  {one.dataset}  {one.created}")


@app.command("compare")
def compare(  # noqa: PLR0917  (typer reads options from parameters)
    dataset: Annotated[str, typer.Argument(help="name or name@version")],
    kinds: Annotated[
        list[str] | None, typer.Option("--with", help="A row with settings; may be repeated [word char bpe unigram]")
    ] = None,
    normalize: Normalize = "lower",
    example: Annotated[str, typer.Option(help="A text whose pieces are shown; else the first one")] = "",
    root: Root = None,
    as_json: AsJson = False,
) -> None:
    """Learn several tokenizers from your texts and show side by side what they do to texts they have not seen."""
    from wenlu.cli.terminal import Terminal
    from wenlu.corpus.version import DatasetVersion
    from wenlu.pipeline.tokenizers import compare_tokenizers
    from wenlu.storage.workspace import Workspace

    version = DatasetVersion.open(Workspace.at(root), dataset)
    configs = [(kind, _config(kind, normalize)) for kind in kinds or _ROWS]
    figures = list(compare_tokenizers(configs, version, Terminal(), example=example))
    if as_json:
        print_json(figures)
        return
    for line in _table(figures):
        typer.echo(line)


@app.command("show")
def show(
    tokenizer: Annotated[str, typer.Argument(help="name, name@version, a model's name, or a folder")],
    texts: Annotated[list[str] | None, typer.Argument(help="Words or texts to look up")] = None,
    ids: Annotated[list[int] | None, typer.Option("--id", help="An id to look up; may be repeated")] = None,
    root: Root = None,
    as_json: AsJson = False,
) -> None:
    """The settings of a tokenizer; the pieces and ids of texts; what ids stand for."""
    from wenlu.pipeline.tokenizers import open_tokenizer
    from wenlu.storage.workspace import Workspace
    from wenlu.text.figures import shown_pieces

    pipeline = open_tokenizer(Workspace.at(root), tokenizer)
    looked_up = {text: shown_pieces(pipeline, text) for text in texts or []}
    decoded = {number: _decoded(pipeline.tokenizer, number) for number in ids or []}
    if as_json:
        settings = pipeline.config.model_dump(mode="json")
        print_json({"settings": settings, "size": pipeline.tokenizer.size, "texts": looked_up, "ids": decoded})
        return
    typer.echo(f"{pipeline.tokenizer.size:,} ids ({pipeline.tokenizer.version}) {pipeline.tokenizer.learned}")
    typer.echo(f"normalise: {', '.join([*pipeline.clean.steps, *pipeline.normalize.steps])}")
    for text, pieces in looked_up.items():
        typer.echo(f"{text}: {'  '.join(f'{piece.text} {piece.id}' for piece in pieces)}")
    for number, piece in decoded.items():
        typer.echo(f"{number}: {piece}")


@app.command("export")
def export(
    tokenizer: Annotated[str, typer.Argument(help="name, name@version, a model's name, or a folder")],
    output: Annotated[Path, typer.Option(help="A folder for tokenizer.json and tokenizer_config.json")],
    without_normalizer: Annotated[
        bool, typer.Option("--without-normalizer", help="For texts that are normalised before")
    ] = False,
    root: Root = None,
) -> None:
    """Write the files that Hugging Face's libraries read, with the same ids."""
    from wenlu.pipeline.tokenizers import open_tokenizer
    from wenlu.storage.workspace import Workspace
    from wenlu.text.export import export_huggingface, export_huggingface_without_normalizer

    pipeline = open_tokenizer(Workspace.at(root), tokenizer)
    if without_normalizer:
        export_huggingface_without_normalizer(pipeline, output)
    else:
        export_huggingface(pipeline, output)
    typer.echo(f"transformers.AutoTokenizer.from_pretrained({str(output)!r}) gives the ids of {tokenizer}")


def _config(kind: str, normalize: str) -> PipelineConfig:
    """`word,segmenter=sudachi` as the settings of a pipeline; raises WenluError for a mistake in it."""
    from wenlu.base.spec import check
    from wenlu.text.pipeline import PipelineConfig, tokenizer_component

    steps = [step for step in normalize.split(",") if step]
    config = check(PipelineConfig, {"normalize": steps, "tokenizer": row_with_settings(kind)}, where=kind)
    tokenizer_component(config)
    return config


def _decoded(tokenizer: Tokenizer, number: int) -> str:
    from wenlu.base.errors import WenluError

    if not 0 <= number < tokenizer.size:
        raise WenluError("bad_id", f"There is no id {number}: they go from 0 to {tokenizer.size - 1}.")
    return tokenizer.decode([number])


def _table(figures: list[PipelineFigures]) -> list[str]:
    rows = [
        ("", [one.name for one in figures]),
        ("ids", [f"{one.size:,}" for one in figures]),
        ("unknown", [f"{one.oov:.2%}" for one in figures]),
        ("characters an id", [f"{one.characters_per_id:.2f}" for one in figures]),
        ("back as it was", [f"{one.round_trip:.1%}" for one in figures]),
        ("ids a second", [f"{one.ids_per_second:,.0f}" for one in figures]),
        ("MB a second", [f"{one.megabytes_per_second:.1f}" for one in figures]),
        ("files, kB", [f"{one.file_bytes / 1000:,.0f}" for one in figures]),
        *[
            (f"  {script} known", [f"{one.coverage.get(script, 1):.2%}" for one in figures])
            for script in sorted({script for one in figures for script in one.coverage})
        ],
    ]
    width = max(16, *(len(cell) + 2 for _, cells in rows for cell in cells))
    lines = [f"{title:<18}" + "".join(f"{cell:>{width}}" for cell in cells) for title, cells in rows]
    return lines + [f"{one.name}: {' '.join(f'{piece.text}/{piece.id}' for piece in one.example)}" for one in figures]
