"""A dataset version → a frozen text pipeline, and the texts as ids."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from wenlu.base.crew import Job, spread
from wenlu.base.errors import WenluError
from wenlu.base.events import Events, counted
from wenlu.bundle.manifest import TEXT
from wenlu.corpus.version import DatasetVersion
from wenlu.pipeline.recipe import TextConfig
from wenlu.pipeline.stage import Stage
from wenlu.pipeline.tokenizers import open_tokenizer
from wenlu.storage.workspace import Workspace
from wenlu.text.counting import in_chunks
from wenlu.text.pipeline import PipelineConfig, TextPipeline, files_read, tokenizer_component
from wenlu.training.encoded import write_encoded

ENCODED = ("train", "validation")
_ALONE = 8  # chunks: less work than starting a crew


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
    tally = _Tally(unk_id)
    rows = counted(_encoded(dataset, split, folder / TEXT), events, total=dataset.count(split))
    write_encoded(folder / split, tally(rows))
    return tally.unknown / max(tally.ids, 1)


def _encoded(dataset: DatasetVersion, split: str, text: Path) -> Iterator[tuple[NDArray[np.int32], int]]:
    """The ids of each text by the pipeline saved in the folder `text`, with the number of its label."""
    number: dict[str | None, int] = {label: position for position, label in enumerate(dataset.labels)}
    chunks = in_chunks((row, len(row[0])) for row in dataset.rows(split))
    answers = spread(chunks, _bodies, f"{__name__}:worker", str(text.resolve()).encode(), alone=_ALONE)
    for chunk, answer in answers:
        ends, ids = msgspec.msgpack.decode(answer, type=tuple[bytes, bytes])
        rows = np.split(np.frombuffer(ids, dtype=np.int32), np.frombuffer(ends, dtype=np.int64)[:-1])
        for (_, label), row in zip(chunk, rows, strict=True):
            yield row, number[label]


def _bodies(chunk: list[tuple[str, str | None]]) -> bytes:
    return msgspec.msgpack.encode([body for body, _ in chunk])


def worker(folder: bytes) -> Job:
    """A job of a crew: a list of texts in, where the ids of each end and all their ids out."""
    pipeline = TextPipeline.load(Path(folder.decode()))

    def job(texts: bytes) -> bytes:
        rows = pipeline.encode(msgspec.msgpack.decode(texts, type=list[str]))
        ends = np.cumsum([len(row) for row in rows], dtype=np.int64)
        return msgspec.msgpack.encode((ends.tobytes(), np.array(list(chain(*rows)), dtype=np.int32).tobytes()))

    return job


class _Tally:
    """Counts the ids that pass, and how many of them are unknown."""

    def __init__(self, unk_id: int) -> None:
        self._unk_id = unk_id
        self.ids = self.unknown = 0

    def __call__(self, rows: Iterable[tuple[NDArray[np.int32], int]]) -> Iterator[tuple[NDArray[np.int32], int]]:
        for ids, label in rows:
            self.ids += len(ids)
            self.unknown += int(np.count_nonzero(ids == self._unk_id))
            yield ids, label
