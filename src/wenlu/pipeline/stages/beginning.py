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
from wenlu.text.tokenizers import TOKENIZERS
from wenlu.training.adapt import Adopted, adopt
from wenlu.training.vectors import begin_anew, begin_with_means, longer, vectors_of


def tokenizer_of(stage: Finished) -> Any:
    """The tokenizer that a stage made."""
    return TextPipeline.load(stage.folder / TEXT).tokenizer


def brought(model: nn.Module, named: Component, tokenizer: Any) -> str:
    """Of a model that was trained elsewhere: what it begins with, in words. Nothing of another.

    Where ids mean other pieces than those it was trained with, its vectors say nothing, and begin by chance; ids that
    were added to its own begin with the mean of those that they were written with before.
    """
    config: Any = named.config
    own = config.tokenizer() if isinstance(config, Brought) else None
    if own is None:
        return ""
    found = component(TOKENIZERS, own, where="text: tokenizer")
    theirs = found.kind.train((), found.config)
    vectors = vectors_of(model, tokenizer.size)
    if goes_on(tokenizer, theirs):
        _lengthen(vectors, tokenizer, theirs)
        return f"begins with the weights of {config.path}"
    begin_anew(vectors)
    return f"begins with the weights of {config.path}, but for the vectors of its ids: text.tokenizer is not its own"


def adopted(model: nn.Module, start: Start, tokenizer: Any) -> Adopted:
    """Give a model the weights of a start; ids that were added to those of the start begin as in `brought`. Raises
    WenluError `no_weights` for one that is quantised."""
    bundle = open_bundle(start.folder)
    require_weights(bundle, doing="begin with")
    theirs = bundle.pipeline.tokenizer
    tensors = load_file(start.folder / WEIGHTS)
    grown = tokenizer.size > theirs.size and grown_of(tokenizer) is not None and goes_on(tokenizer, theirs)
    vectors = vectors_of(model, tokenizer.size) if grown else {}
    found = adopt(model, longer(tensors, vectors), origin=start.title)
    if grown:
        _lengthen(vectors, tokenizer, theirs)
    return found


def grown_of(tokenizer: Any) -> Grown | None:
    """What a tokenizer was lengthened by."""
    grown: Grown | None = getattr(tokenizer, "grown", None)
    return grown


def goes_on(tokenizer: Any, before: Any) -> bool:
    """Whether every id means what it meant to the tokenizer before."""
    ids: dict[str, int] = getattr(tokenizer, "ids", {})
    return all(ids.get(piece) == number for piece, number in getattr(before, "ids", {"": -1}).items())


def _lengthen(vectors: Mapping[str, nn.Parameter], tokenizer: Any, before: Any) -> None:
    grown = grown_of(tokenizer)
    if grown is not None and tokenizer.size > before.size:
        begin_with_means(vectors, grown.parts[before.size - grown.size :], first=before.size)
