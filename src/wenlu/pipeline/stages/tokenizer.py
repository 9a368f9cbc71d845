"""A dataset version → a frozen text pipeline, and the texts as ids."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from wenlu.base.events import Events, counted
from wenlu.base.records import Text
from wenlu.bundle.manifest import TEXT
from wenlu.corpus.version import DatasetVersion
from wenlu.pipeline.stage import Stage
from wenlu.text.pipeline import PipelineConfig, TextPipeline, files_read, tokenizer_component
from wenlu.training.encoded import write_encoded

ENCODED = ("train", "validation")
_TOGETHER = 256


def tokenizer_stage(name: str, config: PipelineConfig, dataset: DatasetVersion) -> Stage:
    """Learn the vocabulary from the training texts, and encode what training reads."""

    def make(folder: Path, work: Path, events: Events) -> dict[str, Any]:
        bodies = counted(dataset.bodies("train"), events, total=dataset.count("train"))
        pipeline = TextPipeline.train(bodies, config, clean=dataset.normalize_steps)
        (folder / TEXT).mkdir()
        pipeline.save(folder / TEXT)
        unknown = {split: _encode(folder / split, split, pipeline, dataset, events) for split in ENCODED}
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
            "settings": config.model_dump(mode="json"),
            "tokenizer": tokenizer_component(config).as_data(),
            **({"files": files} if (files := files_read(config)) else {}),
        },
        packages=("pipeline.stages.tokenizer", "base", "storage", "text", "training"),
        make=make,
    )


def _encode(folder: Path, split: str, pipeline: TextPipeline, dataset: DatasetVersion, events: Events) -> float:
    """Write one split as ids; the share of them that is `<UNK>`."""
    tally = _Tally(pipeline.tokenizer.unk_id)
    texts = counted(dataset.texts(split), events, total=dataset.count(split))
    write_encoded(folder, tally(_encoded(texts, pipeline, dataset.labels)))
    return tally.unknown / max(tally.ids, 1)


def _encoded(texts: Iterable[Text], pipeline: TextPipeline, labels: list[str]) -> Iterator[tuple[list[int], int]]:
    number = {label: position for position, label in enumerate(labels)}
    waiting = iter(texts)
    while chunk := list(islice(waiting, _TOGETHER)):
        for text, ids in zip(chunk, pipeline.encode([text.body for text in chunk]), strict=True):
            yield ids, number[text.label or ""]


class _Tally:
    """Counts the ids that pass, and how many of them are unknown."""

    def __init__(self, unk_id: int) -> None:
        self._unk_id = unk_id
        self.ids = self.unknown = 0

    def __call__(self, rows: Iterable[tuple[list[int], int]]) -> Iterator[tuple[list[int], int]]:
        for ids, label in rows:
            self.ids += len(ids)
            self.unknown += ids.count(self._unk_id)
            yield ids, label
