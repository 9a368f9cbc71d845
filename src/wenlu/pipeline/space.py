"""What a search changes of a recipe that does not say so itself."""

from __future__ import annotations

from wenlu.base.component import Component, component
from wenlu.models import MODELS
from wenlu.pipeline.recipe import Contender, Recipe
from wenlu.pipeline.spans import Between, Choices, Space
from wenlu.training.optimizers import OPTIMIZERS

RATE = "training.optimizer.learning_rate"
_RATE_SPAN = 5.0  # a learning rate is looked for up to so many times above and below the one that stands there
WIDTHS = ("hidden", "embedding", "filters", "width", "intermediate")
_HALVED_AND_DOUBLED = (0.5, 1.0, 2.0)


def space_of(recipe: Recipe, contender: Contender) -> Space:
    """The recipe's own `search:`, else what matters most for its model: learning rate, dropout, widths."""
    return recipe.search or {**_training(contender), **_model(component(MODELS, contender.model, where="model"))}


def _training(contender: Contender) -> dict[str, Choices]:
    named = component(OPTIMIZERS, contender.training.optimizer, where="training: optimizer")
    rate = float(named.config.model_dump()["learning_rate"])
    return {RATE: Between(low=rate / _RATE_SPAN, high=rate * _RATE_SPAN, log=True)}


def _model(named: Component) -> dict[str, Choices]:
    settings = named.config.model_dump()
    found: dict[str, Choices] = {
        f"model.{name}": [max(1, round(settings[name] * factor)) for factor in _HALVED_AND_DOUBLED]
        for name in WIDTHS
        if isinstance(settings.get(name), int)
    }
    if "dropout" in settings:
        found["model.dropout"] = Between(low=0.0, high=0.7)
    return found
