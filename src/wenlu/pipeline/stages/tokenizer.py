"""A dataset version → a frozen text pipeline, and the texts as ids."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from wenlu.base.errors import WenluError
from wenlu.base.events import Events, counted
from wenlu.bundle.manifest import TEXT
from wenlu.corpus.version import DatasetVersion
from wenlu.pipeline.recipe import TextConfig
from wenlu.pipeline.stage import Stage
from wenlu.pipeline.tokenizers import open_tokenizer
from wenlu.storage.workspace import Workspace
from wenlu.text.encoding import encode_many
from wenlu.text.pipeline import PipelineConfig, TextPipeline, files_read, tokenizer_component
from wenlu.training.encoded import EncodedBlock, write_encoded

ENCODED = ("train", "validation")


def tokenizer_stage(name: str, config: TextConfig, dataset: DatasetVersion, workspace: Workspace) -> Stage:
    """Learn the vocabulary from the training texts, or take a saved one, and encode what training reads."""
    saved = None if config.saved is None else _saved(config.saved, config, dataset, workspace)

    def make(folder: Path, work: Path, events: Events) -> dict[str, Any]:
        pipeline = saved or _learned(config.to_learn, dataset, events)
        (folder / TEXT).mkdir()
        pipeline.save(folder / TEXT)
        unk_id = pipeline.tokenizer.unk_id
        unknown = {split: _encode(folder, dataset, events, split, unk_id=unk_id) for split in ENCODED}
        result = {
            "digest": pipeline.digest(),
            "size": pipeline.tokenizer.size,
            "segmenter": pipeline.tokenizer.version,
            "coverage": 1 - unknown["train"],
            "oov": unknown["validation"],
        }
        if pipeline.tokenizer.learned:
            events.result(f"The tokenizer was {pipeline.tokenizer.learned}")
        events.result(
            f"{result['size']:,} ids ({pipeline.tokenizer.version}); they cover {result['coverage']:.2%} of the "
            f"training text; out of vocabulary on validation: {result['oov']:.2%}"
        )
        return result

    return Stage(
        name=f"tokenizer {name}",
        inputs={
            "dataset": dataset.reference,
            **({"settings": _settings(config.to_learn)} if saved is None else {"saved": saved.digest()}),
        },
        packages=("pipeline.stages.tokenizer", "base", "storage", "text", "training"),
        make=make,
    )


def _settings(config: PipelineConfig) -> dict[str, Any]:
    return {
        **config.model_dump(mode="json"),
        "tokenizer": tokenizer_component(config).as_data(),
        "files": files_read(config),
    }


def _learned(config: PipelineConfig, dataset: DatasetVersion, events: Events) -> TextPipeline:
    bodies = counted(dataset.bodies("train"), events, total=dataset.count("train"))
    return TextPipeline.train(bodies, config, clean=dataset.normalize_steps)


def _saved(reference: str, config: TextConfig, dataset: DatasetVersion, workspace: Workspace) -> TextPipeline:
    """A tokenizer of the workspace for this dataset; raises WenluError `other_cleaning` if it was learned from texts
    that were cleaned in another way: it would meet spellings it has never seen."""
    found = open_tokenizer(workspace, reference)
    if list(found.clean.steps) != dataset.normalize_steps:
        raise WenluError(
            "other_cleaning",
            f"The texts of {reference} were cleaned by {', '.join(found.clean.steps) or 'nothing'}, those of "
            f"{dataset.reference} by {', '.join(dataset.normalize_steps) or 'nothing'}.",
            hint="Give data.clean.normalize the same steps, or train a tokenizer on this dataset.",
        )
    settings = found.config.model_copy(update={"max_length": config.max_length})
    return TextPipeline(found.tokenizer, settings, clean=dataset.normalize_steps)


def _encode(folder: Path, dataset: DatasetVersion, events: Events, split: str, *, unk_id: int) -> float:
    """Write one split as ids by the pipeline that is saved in the folder; the share of them that is `<UNK>`."""
    number = {label: position for position, label in enumerate(dataset.labels)}
    targets = dataset.target == "number"
    ids = unknown = 0

    def blocks() -> Iterator[EncodedBlock]:
        nonlocal ids, unknown
        done = 0
        for labels, texts in encode_many(dataset.rows(split), folder / TEXT):
            ids += len(texts.ids)
            unknown += int(np.count_nonzero(texts.ids == unk_id))
            done += len(labels)
            events.progress(done, dataset.count(split))
            truth = (
                np.array(labels, dtype=np.float32)
                if targets
                else np.array([number[label or ""] for label in labels], dtype=np.int32)
            )
            yield EncodedBlock(texts.ids, texts.lengths, truth)

    write_encoded(folder / split, blocks(), targets=targets)
    return unknown / max(ids, 1)
