"""A vocabulary without the pieces that a user's texts do not use, and a model without their vectors."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save
from torch import Tensor

from wenlu.base.component import component
from wenlu.base.errors import WenluError
from wenlu.base.spec import Field, Spec
from wenlu.bundle.manifest import TEXT, WEIGHTS, Description
from wenlu.bundle.seal import Bundle
from wenlu.compression.means import Means, description_of, require_weights
from wenlu.corpus.version import DatasetVersion
from wenlu.models import MODELS
from wenlu.storage.local import write_atomic
from wenlu.text.pieces import PieceTokenizer
from wenlu.text.pipeline import TextPipeline
from wenlu.training.vectors import vectors_of

_TOGETHER = 4096
_SEPARATOR = "separator"


class Vocabulary:
    """Pieces that occur less than `min_count` times in the training texts of a dataset are unknown from now on. A text
    without such a piece is answered exactly as before: its other pieces have the same vectors, under other numbers."""

    class Config(Spec):
        min_count: int = Field(1, ge=1, description="A piece seen less often in the dataset goes")
        dataset: str = Field("", description="Whose training texts count; left out: what the model learned from")

    def __init__(self, config: Config) -> None:
        self._config = config

    def __call__(self, parent: Bundle, folder: Path, means: Means) -> Description:
        require_weights(parent, doing="prune")
        tokenizer = _tokenizer(parent)
        names = _tables(parent)
        tensors = load_file(parent.folder / WEIGHTS)
        dataset = means.open_dataset(self._config.dataset) if self._config.dataset else means.dataset
        kept = self._kept(parent.pipeline, dataset, always=_always(tokenizer, tensors))
        if len(kept) == tokenizer.size:
            raise WenluError(
                "nothing_to_prune",
                f"All {tokenizer.size:,} pieces of {parent.title} occur in {dataset.reference}.",
                hint="A larger min_count drops rare ones: vocabulary,min_count=3",
            )
        means.events.result(f"{len(kept):,} of {tokenizer.size:,} pieces stay")
        pipeline = TextPipeline(
            tokenizer.only(kept.tolist()), parent.pipeline.config, clean=list(parent.pipeline.clean.steps)
        )
        (folder / TEXT).mkdir()
        pipeline.save(folder / TEXT)
        write_atomic(folder / WEIGHTS, save(_shrunk(tensors, names, kept)))
        parameters = parent.manifest.parameters - sum(tensors[name].numel() for name in names)
        parameters += sum(tensors[name][0].numel() * len(kept) for name in names)
        told = {
            "vocabulary_size": len(kept),
            "parameters": parameters,
            "pipeline_digest": pipeline.digest(),
        }
        return description_of(parent).model_copy(update=told)

    def _kept(self, pipeline: TextPipeline, dataset: DatasetVersion, *, always: set[int]) -> NDArray[np.int64]:
        """The ids that stay, ascending."""
        counts = np.zeros(pipeline.tokenizer.size, dtype=np.int64)
        for bodies in _chunks(dataset.bodies("train")):
            for row in pipeline.encode(bodies):
                counts += np.bincount(row, minlength=len(counts))
        counts[list(always)] = self._config.min_count
        return np.flatnonzero(counts >= self._config.min_count)


def _chunks(bodies: Iterator[str]) -> Iterator[list[str]]:
    while chunk := list(islice(bodies, _TOGETHER)):
        yield chunk


def _tokenizer(parent: Bundle) -> PieceTokenizer:
    tokenizer = parent.pipeline.tokenizer
    if not isinstance(tokenizer, PieceTokenizer):
        named: Any = parent.pipeline.config.tokenizer
        raise WenluError(
            "no_pruning",
            f"The pieces of a {named['name']} tokenizer are made of each other, so none can be dropped.",
            hint="This is for words and characters; int8 makes the vectors of any tokenizer a quarter.",
        )
    return tokenizer


def _tables(parent: Bundle) -> list[str]:
    """Names of the weights that have a row an id."""
    manifest = parent.manifest
    named = component(MODELS, {"name": manifest.architecture.name, **manifest.architecture.config}, where="bundle")
    outputs = {"labels": manifest.outputs} if manifest.task in ("classify", "regress") else {}
    with torch.device("meta"):
        model = named.kind(named.config, vocabulary_size=manifest.vocabulary_size, **outputs)
    found = list(vectors_of(model, manifest.vocabulary_size))
    if not found or named.name == "bag":  # of as many buckets as there are ids, too
        raise WenluError(
            "no_pruning",
            f"{parent.title} is a {named.name} model, which has no vector for each id.",
            hint="Its n-grams can be dropped: prune" if named.name == "linear" else "Take int8 or fp16.",
        )
    return found


def _always(tokenizer: PieceTokenizer, tensors: dict[str, Tensor]) -> set[int]:
    """Ids that have a meaning of their own."""
    special = {tokenizer.unk_id, tokenizer.end_id, tokenizer.pad_id, getattr(tokenizer, "between_id", None)}
    separator = int(tensors[_SEPARATOR]) if _SEPARATOR in tensors else -1
    return {one for one in (*special, separator) if one is not None and one >= 0}


def _shrunk(tensors: dict[str, Tensor], names: list[str], kept: NDArray[np.int64]) -> dict[str, Tensor]:
    rows = torch.from_numpy(kept)
    shrunk = {name: tensor[rows].contiguous() if name in names else tensor for name, tensor in tensors.items()}
    if int(tensors.get(_SEPARATOR, torch.tensor(-1))) >= 0:
        shrunk[_SEPARATOR] = torch.tensor(int(np.searchsorted(kept, int(tensors[_SEPARATOR]))))
    return shrunk
