"""A dataset version → a frozen text pipeline, and the texts as ids."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np

from wenlu.base.errors import WenluError
from wenlu.base.events import Events, Silent, counted
from wenlu.bundle.manifest import TEXT
from wenlu.corpus.version import DatasetVersion
from wenlu.pipeline.recipe import TextConfig
from wenlu.pipeline.stage import Finished, Stage
from wenlu.pipeline.tokenizers import open_tokenizer
from wenlu.storage.workspace import Workspace
from wenlu.text.chat.conversation import contents_of
from wenlu.text.chat.turns import Cut
from wenlu.text.encoded import Encoded
from wenlu.text.encoding import encode_many
from wenlu.text.longer import ExtendConfig, longer
from wenlu.text.once import LearnOnce
from wenlu.text.pipeline import PipelineConfig, TextPipeline, files_read, tokenizer_component
from wenlu.training.conversations import cuts
from wenlu.training.encoded import EncodedBlock, EncodedTexts, Truth, open_ids, write_encoded

ENCODED = ("train", "validation")
_LOOKED_AT = 5_000  # texts of the validation split
_NO_LABEL = -1  # a language model asks for none, and other tasks refuse such texts before this
_CUTS: dict[Cut, str] = {
    "turns": "lose their oldest turns",
    "answer": "the end of their last answer",
    "all": "left out (the question fills all)",
}
Block = tuple[list[str | None], Encoded]  # labels and ids of some texts


def tokenizer_stage(
    name: str,
    config: TextConfig,
    dataset: DatasetVersion,
    workspace: Workspace,
    *,
    learned: Finished | None = None,
) -> Stage:
    """Learn the vocabulary from the training texts, or take a saved one, or that of another such stage, and encode what
    training reads."""
    saved = None if config.saved is None else _saved(config.saved, config, dataset, workspace)
    if learned is not None:
        saved = TextPipeline.load(learned.folder / TEXT)

    def make(folder: Path, work: Path, events: Events) -> dict[str, Any]:
        texts = _Texts(folder, dataset, events)
        if saved is None and not dataset.chat and LearnOnce.can(config.to_learn):
            pipeline, unknown = texts.learn_once(config.to_learn, work)
        else:
            pipeline = saved or _learned(config.to_learn, dataset, events)
            if config.extend is not None:
                pipeline = _longer(pipeline, config.extend, dataset, events)
            _save(pipeline, folder)
            unknown = texts.encode("train", pipeline)
        result = {
            "digest": pipeline.digest(),
            "size": pipeline.size,
            "marks": pipeline.size - pipeline.tokenizer.size,
            "segmenter": pipeline.tokenizer.version,
            "coverage": 1 - unknown,
            "oov": texts.encode("validation", pipeline),
        }
        if pipeline.tokenizer.learned:
            events.result(f"The tokenizer was {pipeline.tokenizer.learned}")
        events.result(
            f"{result['size']:,} ids ({pipeline.tokenizer.version}); they cover {result['coverage']:.2%} of the "
            f"training text; out of vocabulary on validation: {result['oov']:.2%}"
        )
        if pipeline.turns is not None:
            window = pipeline.config.max_length
            found = cuts(EncodedTexts.open(folder / "train"), pipeline.turns, window)
            events.result(_said_of_cuts(found, conversations=dataset.count("train"), window=window))
        return result

    return Stage(
        name=f"tokenizer {name}",
        inputs={
            "dataset": dataset.reference,
            **({"settings": _settings(config.to_learn)} if saved is None else {"saved": saved.digest()}),
            **({} if config.extend is None else {"extend": config.extend.model_dump()}),
        },
        packages=("pipeline.stages.tokenizer", "base", "storage", "text", "training"),
        make=make,
    )


def _said_of_cuts(found: Counter[Cut], *, conversations: int, window: int) -> str:
    """
    >>> _said_of_cuts(Counter({"turns": 3, "all": 1}), conversations=500, window=256)
    '4 of 500 conversations are longer than 256 ids: 3 lose their oldest turns, 1 left out (the question fills all)'
    """
    whole = f"{found.total():,} of {conversations:,} conversations are longer than {window:,} ids"
    lost = [f"{found[cut]:,} {what}" for cut, what in _CUTS.items() if found[cut]]
    return f"{whole}: {', '.join(lost)}" if lost else whole


def _settings(config: PipelineConfig) -> dict[str, Any]:
    return {
        **config.model_dump(mode="json"),
        "tokenizer": tokenizer_component(config).as_data(),
        "files": files_read(config),
    }


def _learned(config: PipelineConfig, dataset: DatasetVersion, events: Events) -> TextPipeline:
    return TextPipeline.train(_said_in("train", dataset, events), config, clean=dataset.normalize_steps)


def _said_in(split: str, dataset: DatasetVersion, events: Events) -> Iterator[str]:
    """Its texts; of conversations what is said in them."""
    bodies = counted(dataset.bodies(split), events, total=dataset.count(split))
    return chain.from_iterable(map(contents_of, bodies)) if dataset.chat else iter(bodies)


def _longer(pipeline: TextPipeline, config: ExtendConfig, dataset: DatasetVersion, events: Events) -> TextPipeline:
    """With further pieces; says how much shorter texts become by them."""
    found = longer(pipeline, _said_in("train", dataset, events), config)
    texts = list(map(pipeline.normalized, islice(_said_in("validation", dataset, Silent()), _LOOKED_AT)))
    before, now = (_characters_an_id(one, texts) for one in (pipeline, found))
    events.result(
        f"{found.tokenizer.size - pipeline.tokenizer.size:,} pieces were added to {pipeline.tokenizer.size:,} ids; "
        f"validation: {before:.2f} characters a token before, {now:.2f} now"
    )
    return found


def _characters_an_id(pipeline: TextPipeline, texts: list[str]) -> float:
    return sum(map(len, texts)) / max(sum(map(len, pipeline.tokenizer.encode_batch(texts))), 1)


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
    own = config.model_dump(include={"max_length", "template"} & config.model_fields_set)
    _check_template(found, config, reference)
    settings = found.config.model_copy(update=own)
    return TextPipeline(found.tokenizer, settings, clean=dataset.normalize_steps)


def _check_template(found: TextPipeline, config: TextConfig, reference: str) -> None:
    """Raises WenluError `other_template` where the marks of another template have ids already."""
    if found.config.template not in (None, config.template):
        raise WenluError(
            "other_template",
            f"{reference} lays conversations out by the template '{found.config.template}'.",
            hint=f"Say text: {{template: {found.config.template}}}, or leave it out.",
        )


def _save(pipeline: TextPipeline, folder: Path) -> None:
    (folder / TEXT).mkdir()
    pipeline.save(folder / TEXT)


class _Texts:
    """The texts of a dataset, written as ids into the folder of a stage, a split at a time."""

    def __init__(self, folder: Path, dataset: DatasetVersion, events: Events) -> None:
        self._folder = folder
        self._dataset = dataset
        self._events = events
        self._numbers = {label: number for number, label in enumerate(dataset.labels)}

    def encode(self, split: str, pipeline: TextPipeline) -> float:
        """By the pipeline, which is saved in the folder; the share of ids that is `<UNK>`."""
        ids = unknown = 0

        def seen(blocks: Iterable[Block]) -> Iterator[Block]:
            nonlocal ids, unknown
            for labels, texts in blocks:
                ids += len(texts.ids)
                unknown += int(np.count_nonzero(texts.ids == pipeline.tokenizer.unk_id))
                yield labels, texts

        self._write(split, seen(encode_many(self._dataset.rows(split), pipeline, self._folder / TEXT)))
        return unknown / max(ids, 1)

    def learn_once(self, config: PipelineConfig, work: Path) -> tuple[TextPipeline, float]:
        """Training texts by the pipeline that is learned from them and saved in the folder, each cut once; the
        pipeline, and the share of ids that is `<UNK>`."""
        work.mkdir(parents=True, exist_ok=True)
        learn = LearnOnce(config, clean=self._dataset.normalize_steps, folder=work)
        ids = self._write("train", learn.blocks(self._dataset.rows("train")))
        pipeline = learn.pipeline()
        _save(pipeline, self._folder)
        with open_ids(self._folder / "train") as file:
            unknown = learn.settle(file, pipeline)
        return pipeline, unknown / max(ids, 1)

    def _write(self, split: str, blocks: Iterable[Block]) -> int:
        """How many ids there were."""
        total = self._dataset.count(split)
        done = ids = 0

        def labelled() -> Iterator[EncodedBlock]:
            nonlocal done, ids
            for labels, texts in blocks:
                done += len(labels)
                ids += len(texts.ids)
                self._events.progress(done, total)
                yield EncodedBlock(*texts, self._truth(labels))

        write_encoded(self._folder / split, labelled(), targets=self._dataset.target == "number")
        return ids

    def _truth(self, labels: list[str | None]) -> Truth:
        if self._dataset.target == "number":
            return np.array(labels, dtype=np.float32)
        return np.array([self._numbers.get(label or "", _NO_LABEL) for label in labels], dtype=np.int32)
