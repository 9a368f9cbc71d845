"""`wenlu dataset`: versioned, cleaned, deduplicated texts with splits."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from wenlu.cli.options import AsJson, Root, print_json, row_with_settings

app = typer.Typer(
    help="Versioned, cleaned, deduplicated texts with splits.", no_args_is_help=True, rich_markup_mode=None
)


@app.command("import")
def import_uri(  # noqa: PLR0917  (typer reads options from parameters)
    uri: Annotated[str, typer.Argument(help="A file, a folder or an archive of texts")],
    name: Annotated[str, typer.Option(help="What the dataset will be called")],
    format: Annotated[
        str, typer.Option(help="A row of the readers: csv, jsonl, tree, …; auto goes by the name")
    ] = "auto",
    encoding: Annotated[str, typer.Option(help="utf-8, gb18030, cp932, …; auto looks at the whole file")] = "auto",
    text: Annotated[
        list[str] | None, typer.Option(help="Column with the text: its name or its number from 0; twice joins two")
    ] = None,
    label: Annotated[str | None, typer.Option(help="Column with the label, or: folder, prefix, stem, none")] = None,
    target: Annotated[str, typer.Option(help="What a label is: label (a name) or number")] = "label",
    group: Annotated[str | None, typer.Option(help="Column with the author or document: never divided")] = None,
    include: Annotated[str, typer.Option(help="Of a folder or an archive: which files, as a shell pattern")] = "*",
    split_from: Annotated[str, typer.Option(help="What in a file's name is the split: folder, prefix, none")] = "none",
    normalize: Annotated[str, typer.Option(help="Rows of the normalisers, with commas between")] = "nfkc,spaces",
    filters: Annotated[
        list[str] | None, typer.Option("--filter", help="Such as symbols or language,keep=[ja,han]; may be repeated")
    ] = None,
    near: Annotated[float, typer.Option(help="Likeness from which texts are copies; 0: letter for letter alone")] = 0.8,
    language: Annotated[str, typer.Option(help="zh, zh-Hant, ja or other")] = "zh",
    cluster: Annotated[str | None, typer.Option(help="A Ray cluster: ray://HOST:10001, HOST:6379 or auto")] = None,
    root: Root = None,
    as_json: AsJson = False,
) -> None:
    """Read raw files, refuse what is broken with a counted reason, remove duplicates, and split 8:1:1."""
    from wenlu.base.spec import check
    from wenlu.cli.terminal import Terminal
    from wenlu.corpus.importer import import_dataset
    from wenlu.corpus.settings import DataConfig
    from wenlu.storage.workspace import Workspace

    source: dict[str, object] = {
        "uri": uri, "format": format, "encoding": encoding, "text_column": _columns(text or []),
        "group_column": _column(group), "include": include, "split_from": split_from,
    }  # fmt: skip
    if label in ("folder", "prefix", "stem", "none"):
        source["label_from"] = label
    elif label is not None:
        source["label_column"] = _column(label)
    settings = {
        "name": name,
        "language": language,
        "target": target,
        "sources": [source],
        "clean": {
            "normalize": [step for step in normalize.split(",") if step],
            "filters": list(map(row_with_settings, filters or [])),
        },
        "dedup": {"near": near or None},
    }
    config = check(DataConfig, settings, where="wenlu dataset import")
    version = import_dataset(config, Workspace.at(root), Terminal(), cluster=cluster)
    if as_json:
        print_json(version.manifest)


def _columns(said: list[str]) -> list[str | int | None] | str | int | None:
    return list(map(_column, said)) if len(said) > 1 else _column(said[0] if said else None)


def _column(said: str | None) -> str | int | None:
    return int(said) if said is not None and said.isdecimal() else said


@app.command("list")
def list_all(root: Root = None, as_json: AsJson = False) -> None:
    """Every version of every dataset."""
    from wenlu.corpus.version import list_datasets
    from wenlu.storage.workspace import Workspace

    manifests = [version.manifest for version in list_datasets(Workspace.at(root))]
    if as_json:
        print_json(manifests)
        return
    if not manifests:
        typer.echo("No datasets yet. Import one: wenlu dataset import FILE --name NAME")
    for manifest in manifests:
        typer.echo(f"{manifest.name}@{manifest.version}  {manifest.counts.kept:>9,} texts  {manifest.created}")


@app.command("show")
def show(
    dataset: Annotated[str, typer.Argument(help="name or name@version")], root: Root = None, as_json: AsJson = False
) -> None:
    """What the texts are like, what stands out, what was dropped and why."""
    from wenlu.corpus.report import data_report, show_report
    from wenlu.corpus.version import DatasetVersion
    from wenlu.storage.workspace import Workspace

    version = DatasetVersion.open(Workspace.at(root), dataset)
    facts = data_report(version)
    if as_json:
        print_json({"manifest": facts.manifest, "statistics": facts.statistics, "findings": facts.findings})
        return
    for line in show_report(facts):
        typer.echo(line)
    if version.report_path.exists():
        typer.echo(f"the whole report: {version.report_path}")


@app.command("verify")
def verify(dataset: Annotated[str, typer.Argument(help="name or name@version")], root: Root = None) -> None:
    """Read every byte of a version again; fails naming the files that are not as they were written."""
    from wenlu.corpus.version import DatasetVersion
    from wenlu.storage.workspace import Workspace

    version = DatasetVersion.open(Workspace.at(root), dataset)
    version.verify()
    typer.echo(f"{version.reference} is what was imported: {len(version.manifest.shards)} files, every byte.")


@app.command("diff")
def diff(
    old: Annotated[str, typer.Argument(help="name@version, or name for its newest")],
    new: Annotated[str, typer.Argument(help="name@version, or name for its newest")],
    root: Root = None,
    as_json: AsJson = False,
) -> None:
    """What was added, removed, edited in place, relabelled, or moved to another split, with examples."""
    from wenlu.corpus.diff import differ
    from wenlu.corpus.version import DatasetVersion
    from wenlu.storage.workspace import Workspace

    workspace = Workspace.at(root)
    difference = differ(DatasetVersion.open(workspace, old), DatasetVersion.open(workspace, new))
    if as_json:
        print_json(difference)
        return
    typer.echo(f"{difference.old} → {difference.new}: {difference.same:,} texts are the same")
    for kind, count in difference.counts.items():
        typer.echo(f"{kind:<11}{count:>9,}")
        for example in difference.examples[kind][:3]:
            both = f"{example.before} → {example.now}  " if example.before and example.now else ""
            typer.echo(f"    {both}{example.text[:60]}")
    for label, by in difference.labels.items():
        typer.echo(f"  label {label}: {by:+,}")


@app.command("export")
def export(
    dataset: Annotated[str, typer.Argument(help="name or name@version")],
    output: Annotated[Path, typer.Option(help="A new file; .jsonl, .csv, .tsv, .parquet or .txt tells the form")],
    split: Annotated[str | None, typer.Option(help="train, validation or test; left out: all, with a column")] = None,
    root: Root = None,
) -> None:
    """Write the texts into one file that other programs read."""
    from wenlu.base.errors import WenluError
    from wenlu.corpus.export import export_dataset
    from wenlu.corpus.settings import SPLITS
    from wenlu.corpus.version import DatasetVersion
    from wenlu.storage.workspace import Workspace

    if split not in (None, *SPLITS):
        raise WenluError("bad_settings", f"There is no split '{split}'.", hint=f"Known: {', '.join(SPLITS)}.")
    version = DatasetVersion.open(Workspace.at(root), dataset)
    total = export_dataset(version, output, split=split)
    typer.echo(f"{total:,} texts of {version.reference} are in {output}")


@app.command("rm")
def remove(
    dataset: Annotated[str, typer.Argument(help="name@version: a version is removed at a time")],
    force: Annotated[bool, typer.Option("--force", help="Even if models were made from it")] = False,
    root: Root = None,
) -> None:
    """Remove one version of a dataset, unless a model was made from it."""
    from wenlu.base.errors import WenluError
    from wenlu.bundle.shelf import list_models
    from wenlu.corpus.version import DatasetVersion
    from wenlu.storage.workspace import Workspace

    workspace = Workspace.at(root)
    version = DatasetVersion.open(workspace, dataset)
    if dataset != version.reference:
        raise WenluError("bad_settings", f"Say which version of {dataset}.", hint=f"The newest is {version.reference}.")
    made = [f"{model.name}@{model.version}" for model, _ in list_models(workspace)
            if model.lineage.dataset == version.reference]  # fmt: skip
    if made and not force:
        raise WenluError("in_use", f"{', '.join(made)} came from {dataset}.", hint="--force removes it all the same.")
    version.remove()
    typer.echo(f"{dataset} is gone")
