"""What changes of a recipe can do about the findings on its own model: one change each, or nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from wenlu.base.component import Component, component
from wenlu.corpus.settings import DedupConfig
from wenlu.evaluation.found import Remedies, Remedy
from wenlu.models import Brought
from wenlu.pipeline.recipe import BASELINES, Contender, Recipe, contender_model
from wenlu.pipeline.space import RATE, WIDTHS
from wenlu.training.losses import DEFAULT, LOSSES
from wenlu.training.optimizers import OPTIMIZERS

_HELD, _HELD_MOST, _HELD_LEAST = 0.2, 0.7, 0.3  # dropout: how much more, at most, and at least
_LOOSE = 0.5  # a model that has hardly learned needs no more dropout than this
_SMALLEST, _ROOM = 8, 32  # a width that is not halved further, and one that is the least to learn much with
_CUT = 0.5  # of texts that end at what is read: then what is cut off is what is missing
_LONGER, _FASTER, _MORE_READ, _MORE_TESTED = 2, 3.0, 4, 2
_MOST_READ = 512
_SMOOTHING = 0.1  # as Szegedy et al. 2016 have it


@dataclass(frozen=True, slots=True)
class _Asked:
    """A recipe, its own contender, and the share of the training texts of which it reads the beginning only."""

    recipe: Recipe
    contender: Contender
    cut_share: float

    @property
    def model(self) -> Component:
        return contender_model(self.contender)

    @property
    def widths(self) -> dict[str, int]:
        """Sizes of the model; nothing of one that was trained elsewhere, whose sizes are what they are."""
        if isinstance(self.model.config, Brought):
            return {}
        settings = self.model.config.model_dump()
        return {name: settings[name] for name in WIDTHS if isinstance(settings.get(name), int)}

    @property
    def dropout(self) -> float | None:
        found = getattr(self.model.config, "dropout", None)
        return found if isinstance(found, float) and not isinstance(self.model.config, Brought) else None

    @property
    def loss(self) -> Component:
        return component(LOSSES, self.contender.training.loss or DEFAULT[self.recipe.aim], where="training.loss")


def remedies_of(recipe: Recipe, contender: Contender, *, cut_share: float = 0.0) -> Remedies:
    """By the code of a finding, the change that is to be tried first. `model: auto` has changes of its data only."""
    asked = _Asked(recipe, contender, cut_share)
    ways = _OF_DATA if recipe.auto is not None else {**_OF_MODEL, **_OF_DATA}
    found = {code: next((one for way in tried if (one := way(asked))), None) for code, tried in ways.items()}
    return {code: remedy for code, remedy in found.items() if remedy is not None}


def _more_dropout(asked: _Asked) -> Remedy | None:
    old = asked.dropout
    if old is None or old >= _HELD_MOST:
        return None
    return _set("dropout", "model.dropout", old, round(min(_HELD_MOST, max(_HELD_LEAST, old + _HELD)), 2))


def _smaller(asked: _Asked) -> Remedy | None:
    name, old = max(asked.widths.items(), key=lambda item: item[1], default=("", 0))
    return _set("smaller", f"model.{name}", old, old // 2) if old >= 2 * _SMALLEST else None


def _reads_more(asked: _Asked) -> Remedy | None:
    old = asked.contender.text.max_length
    if asked.cut_share < _CUT or old >= _MOST_READ:
        return None
    return _set("reads", "text.max_length", old, min(_MOST_READ, old * _MORE_READ))


def _less_dropout(asked: _Asked) -> Remedy | None:
    old = asked.dropout
    return _set("looser", "model.dropout", old, _HELD_LEAST) if old is not None and old > _LOOSE else None


def _larger(asked: _Asked) -> Remedy | None:
    name, old = min(asked.widths.items(), key=lambda item: item[1], default=("", 0))
    return _set("larger", f"model.{name}", old, max(_ROOM, 2 * old)) if old else None


def _larger_steps(asked: _Asked) -> Remedy | None:
    named = component(OPTIMIZERS, asked.contender.training.optimizer, where="training.optimizer")
    old = float(named.config.model_dump()["learning_rate"])
    new = float(f"{old * _FASTER:.2g}")
    optimizer = {**named.as_data(), "learning_rate": new}
    values = {"setting": RATE, "old": f"{old:g}", "new": f"{new:g}"}
    return Remedy("faster", (f"training.optimizer={_written(optimizer)}",), values)


def _longer(asked: _Asked) -> Remedy:
    training = asked.contender.training
    if training.minutes is not None:
        return _set("longer", "training.minutes", training.minutes, training.minutes * _LONGER)
    return _set("longer", "training.epochs", training.epochs, training.epochs * _LONGER)


def _simple(asked: _Asked) -> Remedy | None:
    """The trivial model in the place of the recipe's own."""
    beside = asked.recipe.baseline or BASELINES.get(asked.recipe.aim)
    if beside is None or asked.contender.start is not None or asked.contender.pretraining is not None:
        return None
    parts = beside.model_dump(mode="json", include={"text", "model", "training"}, exclude_unset=True)
    model = component_name(beside)
    return Remedy("simple", tuple(f"{key}={_written(value)}" for key, value in parts.items()), {"model": model})


def _weights(asked: _Asked) -> Remedy | None:
    if asked.recipe.aim != "classify":
        return None
    return _cross_entropy(asked, "weights", "class_weights", "balanced")


def _smoothing(asked: _Asked) -> Remedy | None:
    loss = asked.loss
    if loss.name != "cross_entropy" or loss.config.model_dump()["label_smoothing"] >= _SMOOTHING:
        return None
    return _cross_entropy(asked, "smoothing", "label_smoothing", _SMOOTHING)


def _cross_entropy(asked: _Asked, way: str, setting: str, value: object) -> Remedy | None:
    """Cross-entropy with one setting more; nothing where it has it."""
    loss = asked.loss
    settings = loss.as_data() if loss.name == "cross_entropy" else {"name": "cross_entropy"}
    if settings.get(setting) == value:
        return None
    return Remedy(way, (f"training.loss={_written({**settings, setting: value})}",))


def _dedup(asked: _Asked) -> Remedy | None:
    usual, near = DedupConfig().near, asked.recipe.data.dedup.near
    if near is not None and usual is not None and near <= usual:
        return None
    return Remedy("dedup", (f"data.dedup.near={usual}",))


def _more_tested(asked: _Asked) -> Remedy | None:
    fixed = any(source.split == "test" or source.split_from != "none" for source in asked.recipe.data.sources)
    old = asked.recipe.data.split.test
    return None if fixed or not old else _set("split", "data.split.test", old, old * _MORE_TESTED)


_Ways = Mapping[str, tuple[Callable[[_Asked], Remedy | None], ...]]

# What is tried first stands first.
_OF_MODEL: _Ways = {
    "overfitting": (_more_dropout, _smaller),
    "underfitting": (_reads_more, _less_dropout, _larger, _larger_steps),
    "undertraining": (_longer,),
    "below_baseline": (_simple,),
    "imbalance": (_weights,),
    "label_noise": (_smoothing,),
}
_OF_DATA: _Ways = {"leak": (_dedup,), "few_texts": (_more_tested,)}


def component_name(contender: Contender) -> str:
    """The row of a contender's model."""
    return contender_model(contender).name


def _set(way: str, key: str, old: Any, new: Any) -> Remedy:
    """One setting that becomes another."""
    return Remedy(way, (f"{key}={_written(new)}",), {"setting": key, "old": f"{old:g}", "new": f"{new:g}"})


def _written(value: object) -> str:
    """As `--set` reads it: JSON is YAML."""
    return json.dumps(value, ensure_ascii=False)
