"""What somebody else trained: any local Hugging Face folder, or a GGUF file, opened through transformers.

`folder` says what may be opened, `network` makes the networks, `classifier` and `generator` give them the protocols of
our own rows, `tokenizer` takes their tokenizer over.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self

import torch
from torch import nn

from wenlu.base.errors import WenluError
from wenlu.base.spec import Field, Spec
from wenlu.base.variables import expanded
from wenlu.models.pretrained.classifier import Classifier, try_classifier
from wenlu.models.pretrained.folder import open_source, places, writes
from wenlu.models.pretrained.generator import Generator, try_generator
from wenlu.models.pretrained.network import blank, opened

_WRITE = ("generate", "chat")


class Pretrained:
    """A network of transformers with the weights of a folder: a classifier if there are labels, else a generator.

    Each architecture is tried before it is trusted: one that padding or a neighbouring text would change is refused.
    """

    tasks = ("classify", "regress", "generate", "chat")
    gains_by_half = True

    class Config(Spec):
        path: str = Field("", description="A folder with config.json and *.safetensors, or a .gguf file")
        architecture: dict[str, Any] = Field(
            {}, description="What config.json says: a bundle has it in place of a path; weights begin by chance"
        )
        pooling: Literal["auto", "first", "last", "mean", "max", "mean_max"] = Field(
            "auto", description="How states become one; auto: the first of an encoder, the last of a decoder"
        )
        head_dropout: float = Field(0.1, ge=0, lt=1, description="Share of the pooled state dropped while training")
        context: int = Field(512, ge=8, le=131_072, description="Of a language model: ids it reads at most")

        @property
        def begun(self) -> dict[str, Any]:
            """Its architecture, wherever that is said; raises WenluError."""
            if self.path and self.architecture:
                raise WenluError(
                    "bad_settings", "model: 'path' and 'architecture' say the same thing: give one of them."
                )
            return self.architecture or open_source(expanded(self.path)).architecture

        def sealed(self) -> Self:
            """The same without a path: what a bundle keeps."""
            return self.model_copy(update={"path": "", "architecture": self.begun})

        def files(self) -> Mapping[str, str]:
            """SHA-256 of each file that it begins with."""
            return open_source(expanded(self.path)).files() if self.path else {}

        def tokenizer(self) -> dict[str, Any] | None:
            """The tokenizer that the network was trained with."""
            return {"name": "huggingface", "path": self.path, "around": True} if self.path else None

        def look(self, aim: str, *, longest: int) -> None:
            """Raises WenluError where it can't do what is asked of it, or reads no `longest` ids."""
            begun = self.begun
            known = places(begun)
            if aim in _WRITE and not writes(begun):
                raise WenluError(
                    "no_writer",
                    f"'{begun['model_type']}' reads in both directions, so it can't write on.",
                    hint="For task: generate take a decoder such as qwen3 or llama.",
                )
            name, wanted = ("model.context", self.context) if aim in _WRITE else ("text.max_length", longest)
            if known is not None and wanted > known:
                raise WenluError(
                    "bad_settings",
                    f"{name} is {wanted}, and {self.path or begun['model_type']} knows the order of {known} ids.",
                    hint=f"Set {name} to {known} or less.",
                )

        def suggested(self, *, length: int, adapter: bool = False) -> dict[str, Any]:
            """Settings of a training to begin with: what is learned already is changed little."""
            rate = 5e-4 if adapter else 5e-5
            return {
                "optimizer": {"name": "adamw", "learning_rate": rate, "weight_decay": 0.01},
                "schedule": {"name": "linear", "warmup": 0.1},
                "batch": max(1, 8192 // length),
                "epochs": 3,
                "clip": 1.0,
            }

    def __new__(cls, config: Config, *, vocabulary_size: int, labels: int | None = None) -> Any:
        """An `nn.Module`; on torch's device `meta` it has no weights, and nothing is read for them."""
        begun, to_write = config.begun, labels is None
        if to_write and not writes(begun):
            config.look("generate", longest=1)
        hollow = torch.get_default_device().type == "meta"
        read = bool(config.path) and not hollow
        network = (
            opened(open_source(expanded(config.path)), vocabulary_size=vocabulary_size, to_write=to_write)
            if read
            else blank(begun, vocabulary_size=vocabulary_size, to_write=to_write)
        )
        return _generator(config, network, read) if labels is None else _classifier(config, network, labels, read)


def _generator(config: Pretrained.Config, network: nn.Module, read: bool) -> Generator:
    model = Generator(network, context=config.context)
    if read:
        try_generator(model, network)
    return model


def _classifier(config: Pretrained.Config, network: nn.Module, labels: int, read: bool) -> Classifier:
    model = Classifier(
        network,
        labels=labels,
        pooling=config.pooling,
        dropout=config.head_dropout,
        causal=writes(config.begun),
    )
    if read:
        try_classifier(model, vocabulary_size=network.config.vocab_size)
    return model
