"""What a model's token vectors begin with, where its weights come from elsewhere."""

from __future__ import annotations

from typing import Any

from torch import nn

from wenlu.base.component import Component, component
from wenlu.base.errors import WenluError
from wenlu.bundle.manifest import TEXT
from wenlu.models import Brought
from wenlu.pipeline.stage import Finished
from wenlu.text.pipeline import TextPipeline
from wenlu.text.tokenizers import TOKENIZERS
from wenlu.training.vectors import begin_anew, vectors_of


def tokenizer_of(stage: Finished) -> Any:
    """The tokenizer that a stage made."""
    return TextPipeline.load(stage.folder / TEXT).tokenizer


def brought(model: nn.Module, named: Component, tokenizer: Any) -> str:
    """Of a model that was trained elsewhere: what it begins with, in words. Nothing of another.

    Where ids mean other pieces than those it was trained with, its vectors say nothing, and begin by chance.
    """
    config: Any = named.config
    own = config.tokenizer() if isinstance(config, Brought) else None
    if own is None:
        return ""
    found = component(TOKENIZERS, own, where="text: tokenizer")
    theirs = found.kind.train((), found.config)
    if goes_on(tokenizer, theirs):
        return f"begins with the weights of {config.path}"
    vectors = vectors_of(model, tokenizer.size)
    if not vectors:
        raise WenluError("no_vectors", f"The token vectors of {config.path} can't be replaced for another tokenizer.")
    begin_anew(vectors)
    return f"begins with the weights of {config.path}, but for the vectors of its ids: text.tokenizer is not its own"


def goes_on(tokenizer: Any, before: Any) -> bool:
    """Whether every id means what it meant to the tokenizer before."""
    ids: dict[str, int] = getattr(tokenizer, "ids", {})
    return all(ids.get(piece) == number for piece, number in before.ids.items())
