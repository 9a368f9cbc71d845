"""The `training:` part of a recipe."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import model_validator

from wenlu.base.spec import Field, Spec
from wenlu.bundle.sampling import Sampling

Device = Literal["auto", "cpu", "cuda", "mps"]
Precision = Literal["auto", "float32", "bfloat16"]


class PackingConfig(Spec):
    """How texts become rows."""

    length: int = Field(256, ge=2, le=131_072, description="Ids a row")
    documents: Literal["separate", "joined"] = Field(
        "separate", description="Whether an id sees texts that stand before its own in the same row"
    )


class SamplesConfig(Sampling):
    """What a language model writes while it is trained."""

    prompts: list[str] = Field(min_length=1, max_length=16, description="What it writes on from; empty: from nothing")
    every: int | None = Field(default=None, ge=1, description="Steps between; left out: at each look at validation")


class LoraConfig(Spec):
    """Adapters of low rank."""

    rank: int = Field(8, ge=1, le=1024, description="Rank of what is added to a matrix")
    alpha: float = Field(16.0, gt=0, le=10_000, description="What is added is multiplied with alpha / rank")
    dropout: float = Field(0.0, ge=0, lt=1, description="Share of an adapter's inputs dropped while training")
    targets: list[str] = Field(
        default=[],
        description="Linear layers that get one, by the ends of their names; left out: all inside the layers",
    )


class TrainingConfig(Spec):
    """How a model is trained. The defaults are the classic settings for a text classifier."""

    optimizer: str | dict[str, Any] = Field(default="adam", description="A row of the optimizers, with settings")
    schedule: str | dict[str, Any] = Field(default="constant", description="A row of the schedules, with settings")
    loss: str | dict[str, Any] | None = Field(
        default=None, description="A row of the losses, with settings; left out: the usual one of the task"
    )
    batch: int = Field(default=64, ge=1, le=65_536, description="Texts a step")
    packing: PackingConfig = Field(
        default=PackingConfig(), description="Of a language model: how texts become rows; `batch` counts rows then"
    )
    accumulate: int = Field(default=1, ge=1, le=4096, description="Parts a step is computed in, to save memory")
    epochs: int = Field(default=10, ge=1, le=10_000, description="Times through the training texts, at most")
    minutes: float | None = Field(
        default=None,
        gt=0,
        description="Minutes it may take by the estimate: so many epochs as fit, at least one",
    )
    validate_every: int | None = Field(
        default=None, ge=1, description="Steps between looks at validation; left out: an epoch"
    )
    patience: int = Field(default=3, ge=1, description="Looks at validation without improvement before it stops")
    clip: float = Field(default=5.0, gt=0, description="Global norm that gradients are cut down to")
    freeze: list[str] = Field(default=[], description="Patterns of names of weights that stay as they are: embedding*")
    rates: dict[str, float] = Field(
        default={}, description="By pattern of names of weights: what their learning rate is multiplied with"
    )
    lora: LoraConfig | None = Field(
        default=None, description="Train small adapters beside frozen matrices; they are merged into them at the end"
    )
    average: float | None = Field(
        default=None, gt=0, lt=1, description="Decay of the moving average of the weights that is kept; out: none"
    )
    samples: SamplesConfig | None = Field(
        default=None, description="Of a language model: what it writes on the way, for people to watch"
    )
    seed: int = Field(default=1, ge=0, lt=2**31, description="Of initial weights, order and dropout")
    device: Device = Field(default="auto", description="Where it computes: auto, cpu, cuda or mps")
    precision: Precision = Field(default="auto", description="Of matrix products: auto, float32 or bfloat16")
    compile: Literal["auto", "never", "always"] = Field(
        default="auto",
        description="torch.compile of a decoder's layers; auto: where a training is long enough to pay for the wait",
    )
    checkpoint_every: int = Field(default=200, ge=1, description="Steps between checkpoints; each round ends with one")
    processes: int = Field(default=1, ge=1, le=1024, description="That divide the texts of each step among them")
    shard: bool = Field(
        default=False, description="Whether they divide the weights too, of a model too large for one device"
    )
    keep: int = Field(default=1, ge=1, le=1000, description="Checkpoints kept, the newest ones")
    recover: int = Field(
        default=0, ge=0, le=10, description="Times a training that diverges goes back, with half the learning rate"
    )

    @model_validator(mode="after")
    def _work_for_all(self) -> Self:
        if self.processes > self.batch:
            raise ValueError(f"processes = {self.processes} are more than the {self.batch} texts of a step, 'batch'")
        if self.shard and self.samples is not None:
            raise ValueError("'samples' need the whole model, and 'shard' divides it")
        if self.shard and self.lora is not None:
            raise ValueError("'lora' can't be divided among processes: leave 'shard' out")
        return self
