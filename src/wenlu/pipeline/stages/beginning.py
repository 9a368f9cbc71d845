"""What a model begins with, where its weights come from elsewhere, and its ids are more or others than they were."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from safetensors.torch import load_file
from torch import nn

from wenlu.base.component import Component, component
from wenlu.bundle.manifest import TEXT, WEIGHTS
from wenlu.bundle.seal import open_bundle
from wenlu.compression.means import require_weights
from wenlu.models import Brought
from wenlu.pipeline.stage import Finished
from wenlu.pipeline.stages.together import Start
from wenlu.text.grown import Grown
from wenlu.text.pipeline import TextPipeline
from wenlu.text.tokenizers import TOKENIZERS, Tokenizer
from wenlu.training.adapt import Adopted, adopt
from wenlu.training.vectors import begin_anew, begin_near_mean, begin_with_means, longer, vectors_of


def pipeline_of(stage: Finished) -> TextPipeline:
    """The text pipeline that a stage made."""
    return TextPipeline.load(stage.folder / TEXT)


def brought(model: nn.Module, named: Component, pipeline: TextPipeline) -> str:
    """Of a model that was trained elsewhere: what it begins with, in words. Nothing of another.

    Where ids mean other pieces than those it was trained with, its vectors say nothing, and begin by chance; ids that
    were added to its own begin with the mean of those that they were written with before, and marks of conversations
    near the mean of all.
    """
    config: Any = named.config
    own = config.tokenizer() if isinstance(config, Brought) else None
    if own is None:
        return ""
    found = component(TOKENIZERS, own, where="text: tokenizer")
    theirs = found.kind.train((), found.config)
    vectors = vectors_of(model, pipeline.size)
    if goes_on(pipeline.tokenizer, theirs):
        _begin_new(vectors, pipeline, known=theirs.size)
        return f"begins with the weights of {config.path}"
    begin_anew(vectors)
    return f"begins with the weights of {config.path}, but for the vectors of its ids: text.tokenizer is not its own"


def adopted(model: nn.Module, start: Start, pipeline: TextPipeline) -> Adopted:
    """Give a model the weights of a start; ids that were added to those of the start begin as in `brought`. Raises
    WenluError `no_weights` for one that is quantised."""
    bundle = open_bundle(start.folder)
    require_weights(bundle, doing="begin with")
    theirs = bundle.pipeline
    tensors = load_file(start.folder / WEIGHTS)
    more = pipeline.size > theirs.size and goes_on(pipeline.tokenizer, theirs.tokenizer)
    vectors = vectors_of(model, pipeline.size) if more else {}
    found = adopt(model, longer(tensors, vectors, pieces=theirs.tokenizer.size), origin=start.title)
    if more:
        _begin_new(vectors, pipeline, known=theirs.tokenizer.size, marked=theirs.turns is not None)
    return found


def grown_of(tokenizer: Tokenizer) -> Grown | None:
    """What a tokenizer was lengthened by."""
    grown: Grown | None = getattr(tokenizer, "grown", None)
    return grown


def goes_on(tokenizer: Tokenizer, before: Tokenizer) -> bool:
    """Whether every id means what it meant to the tokenizer before."""
    ids: dict[str, int] = getattr(tokenizer, "ids", {})
    known: dict[str, int] = getattr(before, "ids", {})
    if not known:
        return tokenizer.to_files() == before.to_files()
    return all(ids.get(piece) == number for piece, number in known.items())


def _begin_new(
    vectors: Mapping[str, nn.Parameter], pipeline: TextPipeline, *, known: int, marked: bool = False
) -> None:
    """What ids begin with that are behind the `known` ones of a tokenizer; marks, unless they were there before."""
    tokenizer = pipeline.tokenizer
    grown = grown_of(tokenizer)
    if grown is not None and tokenizer.size > known:
        begin_with_means(vectors, grown.parts[known - grown.size :], first=known)
    if pipeline.turns is not None and not marked:
        begin_near_mean(vectors, first=tokenizer.size, last=pipeline.size)
