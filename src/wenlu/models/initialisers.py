"""What weights begin with: a row draws new values for a matrix, in place. Biases and norms are never touched.

Where a recipe names none, every model begins as it always did, to the bit.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import AfterValidator
from torch import Tensor, nn

from wenlu.base.component import component
from wenlu.base.spec import Field, Spec
from wenlu.base.table import Table

INITIALISERS = Table(
    "initialiser",
    {
        "kaiming": "wenlu.models.initialisers:Kaiming",
        "normal": "wenlu.models.initialisers:Normal",
        "orthogonal": "wenlu.models.initialisers:Orthogonal",
        "truncated_normal": "wenlu.models.initialisers:TruncatedNormal",
        "uniform": "wenlu.models.initialisers:Uniform",
        "xavier": "wenlu.models.initialisers:Xavier",
    },
)


def _known(named: str | dict[str, Any]) -> str | dict[str, Any]:
    component(INITIALISERS, named, where="init")
    return named


Named = Annotated[str | dict[str, Any], AfterValidator(_known)]
"""A row, by name or with settings; raises WenluError for another."""


class Normal:
    """Normally distributed."""

    class Config(Spec):
        std: float = Field(0.02, gt=0, le=10, description="Standard deviation")

    def __init__(self, config: Config) -> None:
        self._std = config.std

    def __call__(self, weight: Tensor) -> None:
        nn.init.normal_(weight, std=self._std)


class TruncatedNormal(Normal):
    """Normally distributed, and nothing further than two deviations away."""

    def __call__(self, weight: Tensor) -> None:
        nn.init.trunc_normal_(weight, std=self._std, a=-2 * self._std, b=2 * self._std)


class Uniform:
    """Evenly distributed around zero."""

    class Config(Spec):
        bound: float = Field(0.1, gt=0, le=10, description="Greatest value")

    def __init__(self, config: Config) -> None:
        self._bound = config.bound

    def __call__(self, weight: Tensor) -> None:
        nn.init.uniform_(weight, -self._bound, self._bound)


class Xavier:
    """States keep their spread on the way forward and gradients on the way back (Glorot and Bengio 2010)."""

    class Config(Spec):
        gain: float = Field(1.0, gt=0, le=10, description="What all of it is multiplied with")
        distribution: Literal["uniform", "normal"] = Field("uniform", description="How values are distributed")

    def __init__(self, config: Config) -> None:
        self._gain = config.gain
        self._fill = nn.init.xavier_uniform_ if config.distribution == "uniform" else nn.init.xavier_normal_

    def __call__(self, weight: Tensor) -> None:
        self._fill(weight, gain=self._gain)


class Kaiming:
    """States keep their spread behind activations that let half of them pass (He et al. 2015)."""

    class Config(Spec):
        distribution: Literal["uniform", "normal"] = Field("normal", description="How values are distributed")

    def __init__(self, config: Config) -> None:
        self._fill = nn.init.kaiming_uniform_ if config.distribution == "uniform" else nn.init.kaiming_normal_

    def __call__(self, weight: Tensor) -> None:
        self._fill(weight, nonlinearity="relu")


class Orthogonal:
    """Rows, or columns if they are fewer, at right angles to each other (Saxe et al. 2014): for recurrent layers."""

    class Config(Spec):
        gain: float = Field(1.0, gt=0, le=10, description="Length of each")

    def __init__(self, config: Config) -> None:
        self._gain = config.gain

    def __call__(self, weight: Tensor) -> None:
        nn.init.orthogonal_(weight, gain=self._gain)


class BeginsConfig(Spec):
    """How a model's weights begin."""

    init: Named | None = Field(
        None,
        exclude_if=lambda named: named is None,  # so that what was made before it was there keeps its version
        description="A row of the initialisers, with settings, for all layers; left out: the model's own way",
    )
    embedding_init: Named | None = Field(
        None, exclude_if=lambda named: named is None, description="The same for the vectors of ids"
    )


def begin(model: nn.Module, config: BeginsConfig) -> None:
    """Draw the weights anew that the settings name an initialiser for."""
    for named, weights in ((config.init, _of_layers(model)), (config.embedding_init, _of_ids(model))):
        if named is not None:
            found = component(INITIALISERS, named, where="init")
            draw = found.kind(found.config)
            for weight in weights:
                draw(weight)


def _of_ids(model: nn.Module) -> Iterator[Tensor]:
    return (module.weight for module in model.modules() if isinstance(module, nn.Embedding))


def _of_layers(model: nn.Module) -> Iterator[Tensor]:
    """Every matrix of a layer; those of recurrent layers gate by gate, since each gate is a layer of its own."""
    for module in model.modules():
        gates = 4 if isinstance(module, nn.LSTM) else 1
        for weight in () if isinstance(module, nn.Embedding) else module.parameters(recurse=False):
            if weight.ndim > 1:
                yield from weight.data.chunk(gates)
