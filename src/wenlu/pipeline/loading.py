"""A recipe's file → a checked recipe."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from wenlu.base.component import component
from wenlu.base.errors import WenluError
from wenlu.base.spec import check
from wenlu.base.table import Table
from wenlu.corpus.filters import FILTERS
from wenlu.models import MODELS
from wenlu.pipeline.auto import is_auto
from wenlu.pipeline.fit import check_fit
from wenlu.pipeline.recipe import Recipe
from wenlu.pipeline.trackers import TRACKERS
from wenlu.pipeline.written import at, lay_over, read_yaml
from wenlu.storage.names import checked_name
from wenlu.text.chat.templates import TEMPLATES
from wenlu.text.normalize import Normalizer
from wenlu.text.segment import SEGMENTERS
from wenlu.text.tokenizers import TOKENIZERS
from wenlu.training.losses import LOSSES
from wenlu.training.optimizers import OPTIMIZERS
from wenlu.training.schedules import SCHEDULES

# Where a recipe names components, in its own part and again under `baseline`.
COMPONENTS: Mapping[str, Table] = {
    "text.tokenizer": TOKENIZERS,
    "text.tokenizer.segmenter": SEGMENTERS,
    "model": MODELS,
    "training.optimizer": OPTIMIZERS,
    "training.schedule": SCHEDULES,
    "training.loss": LOSSES,
    "pretraining.training.optimizer": OPTIMIZERS,
    "pretraining.training.schedule": SCHEDULES,
}


@dataclass(frozen=True, slots=True)
class LoadedRecipe:
    """A checked recipe, its text as it was run (settings from the command line included), that text's digest, and the
    settings themselves."""

    recipe: Recipe
    text: str
    sha256: str
    settings: tuple[str, ...] = ()


def load_recipe(path: Path, *, settings: Sequence[str] = ()) -> LoadedRecipe:
    """Read a recipe and lay `key.key=value` settings over it.

    Raises WenluError: `no_recipe`, `bad_yaml` (with line), `bad_settings` (all mistakes at once).
    """
    try:
        written = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise WenluError("no_recipe", f"The recipe {path} can't be read: {error}.", hint="See: ls recipes/") from None
    data = read_yaml(written, where=str(path))
    for setting in settings:
        lay_over(data, setting)
    looks: list[Callable[[], object]] = [lambda: check(Recipe, data, where=str(path)), *_looks_at_components(data)]
    mistakes = [mistake for look in looks if (mistake := _mistake(look))]
    if mistakes:
        raise WenluError("bad_settings", " ".join(mistakes))
    recipe = check(Recipe, data, where=str(path))
    check_fit(recipe)
    text = written if not settings else yaml.safe_dump(data, allow_unicode=True, sort_keys=False)
    return LoadedRecipe(recipe, text, hashlib.sha256(text.encode()).hexdigest(), tuple(settings))


def _looks_at_components(data: Mapping[str, Any]) -> list[Callable[[], object]]:
    """Look every named component up, so that a mistake in the last stage is not found after an hour of the first."""
    looks: list[Callable[[], object]] = [
        partial(component, table, named, where=place)
        for path, table in COMPONENTS.items()
        for place in (path, f"baseline.{path}")
        if (named := at(data, place)) is not None and not (place == "model" and is_auto(named))
    ]
    looks += [
        partial(Normalizer, steps)
        for place in ("data.clean.normalize", "text.normalize", "baseline.text.normalize")
        if isinstance(steps := at(data, place), list) and all(isinstance(step, str) for step in steps)
    ]
    if isinstance(filters := at(data, "data.clean.filters"), list):
        looks += [partial(component, FILTERS, named, where="data.clean.filters") for named in filters]
    if isinstance(template := at(data, "text.template"), str):
        looks.append(partial(TEMPLATES.__getitem__, template))
    if isinstance(track := data.get("track"), list):
        looks += [partial(TRACKERS.__getitem__, name) for name in track if isinstance(name, str)]
    if isinstance(data.get("name"), str):
        looks.append(partial(checked_name, data["name"], what="model"))
    return looks


def _mistake(look: Callable[[], object]) -> str:
    try:
        look()
    except WenluError as error:
        return str(error)
    return ""
