"""Tokenizers of a workspace: learned from a dataset, kept under a name, compared on the user's own texts.

`tokenizers/<name>/<version>/` holds a whole text pipeline and what it was made from; the version is its digest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import chain, islice
from pathlib import Path

import msgspec

from wenlu.base.errors import WenluError, did_you_mean
from wenlu.base.events import Events, counted
from wenlu.bundle.manifest import TEXT
from wenlu.bundle.shelf import find_model
from wenlu.corpus.version import DatasetVersion
from wenlu.storage.local import new_folder, sweep_partial, write_atomic
from wenlu.storage.names import checked_name
from wenlu.storage.workspace import Workspace
from wenlu.text.chat.conversation import contents_of
from wenlu.text.figures import PipelineFigures, figures_of
from wenlu.text.pipeline import PipelineConfig, TextPipeline

MANIFEST = "tokenizer.json"
_COMPARED = 20_000  # texts of the validation split that figures are made from


class TokenizerManifest(msgspec.Struct, frozen=True):
    """What is known of a tokenizer."""

    name: str
    version: str
    created: str
    dataset: str
    size: int
    tokenizer: str
    learned: str

    @property
    def reference(self) -> str:
        """`name@version`."""
        return f"{self.name}@{self.version}"


def train_tokenizer(
    name: str, config: PipelineConfig, dataset: DatasetVersion, workspace: Workspace, events: Events
) -> TokenizerManifest:
    """Learn a tokenizer from the training texts of `dataset` and keep it; the same input gives the same version."""
    checked_name(name, what="tokenizer")
    pipeline = _learned(config, dataset, events)
    folder = workspace.tokenizers / name
    sweep_partial(folder)
    manifest = TokenizerManifest(
        name=name,
        version=pipeline.digest()[:12],
        created=datetime.now(UTC).isoformat(timespec="milliseconds"),
        dataset=dataset.reference,
        size=pipeline.tokenizer.size,
        tokenizer=pipeline.tokenizer.version,
        learned=pipeline.tokenizer.learned,
    )
    with new_folder(folder) as making:
        (making.path / TEXT).mkdir()
        pipeline.save(making.path / TEXT)
        write_atomic(making.path / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)))
        making.publish(manifest.version)
    return manifest


def list_tokenizers(workspace: Workspace) -> list[TokenizerManifest]:
    """Every version of every tokenizer, by name and age."""
    found = [_read(path) for path in workspace.tokenizers.glob(f"[a-z0-9]*/[a-z0-9]*/{MANIFEST}")]
    return sorted(found, key=lambda manifest: (manifest.name, manifest.created))


def open_tokenizer(workspace: Workspace, reference: str) -> TextPipeline:
    """The text pipeline of a tokenizer (`name`, `name@version`), of a model, or in a folder.

    Raises WenluError `unknown_tokenizer` with the nearest name.
    """
    return TextPipeline.load(_folder(workspace, reference))


def compare_tokenizers(
    configs: Sequence[tuple[str, PipelineConfig]], dataset: DatasetVersion, events: Events, *, example: str = ""
) -> Iterator[PipelineFigures]:
    """Learn each from the training texts, and measure it on validation texts (on training texts if there are none)."""
    split = "validation" if dataset.count("validation") else "train"
    texts = list(islice(_said(dataset.bodies(split), dataset), _COMPARED))
    for name, config in configs:
        events.stage(name, reused=False)
        pipeline = _learned(config, dataset, events)
        yield figures_of(pipeline, texts, name=name, example=example or texts[0][:40])


def _learned(config: PipelineConfig, dataset: DatasetVersion, events: Events) -> TextPipeline:
    if not dataset.count("train"):
        raise WenluError("empty_split", f"{dataset.reference} has no texts to learn from in its training split.")
    bodies = counted(dataset.bodies("train"), events, total=dataset.count("train"))
    return TextPipeline.train(_said(bodies, dataset), config, clean=dataset.normalize_steps)


def _said(bodies: Iterable[str], dataset: DatasetVersion) -> Iterable[str]:
    """Texts as a tokenizer meets them: of a conversation, what is said in each turn."""
    return chain.from_iterable(map(contents_of, bodies)) if dataset.chat else bodies


def _folder(workspace: Workspace, reference: str) -> Path:
    for folder in (Path(reference), Path(reference) / TEXT):
        if (folder / "pipeline.json").is_file():
            return folder
    name, _, version = reference.partition("@")
    known = list_tokenizers(workspace)
    found = [one for one in known if one.name == name and version in ("", one.version)]
    if found:
        return workspace.tokenizers / name / found[-1].version / TEXT
    try:
        return find_model(workspace, reference) / TEXT
    except WenluError:
        raise _unknown(reference, [one.reference for one in known]) from None


def _unknown(reference: str, known: Sequence[str]) -> WenluError:
    near = did_you_mean(reference, known)
    listed = f"Known: {', '.join(known)}." if known else "Train one: wenlu tokenizer train DATASET --name NAME"
    return WenluError("unknown_tokenizer", f"There is no tokenizer or model '{reference}'.{near}", hint=listed)


def _read(path: Path) -> TokenizerManifest:
    try:
        return msgspec.json.decode(path.read_bytes(), type=TokenizerManifest)
    except msgspec.MsgspecError as error:
        raise WenluError("broken_pipeline", f"{path} is not a manifest: {error}.", hint="Remove its folder.") from None
