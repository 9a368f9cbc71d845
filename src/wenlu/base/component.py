"""How a recipe names a component: by its name alone, or by its name and settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wenlu.base.errors import WenluError
from wenlu.base.spec import Spec, check
from wenlu.base.table import Table


@dataclass(frozen=True, slots=True)
class Component:
    """A row of a table with its settings filled in and checked."""

    name: str
    kind: type[Any]
    config: Spec

    def as_data(self) -> dict[str, Any]:
        """The plain form, every default written out, from which `component` makes an equal one."""
        return {"name": self.name, **self.config.model_dump(mode="json")}


def component(table: Table, data: object, *, where: str) -> Component:
    """`"lstm"` or `{"name": "lstm", "hidden": 128}` as a checked component of `table`.

    Raises WenluError for an unknown name or for settings its Config does not take.
    """
    if isinstance(data, str):
        data = {"name": data}
    if not isinstance(data, Mapping) or not isinstance(data.get("name"), str):
        raise WenluError(
            "bad_settings",
            f"{where}: should be the name of a {table.kind}, or a mapping with a 'name' and settings.",
            hint=f"Known: {', '.join(table)}.",
        )
    kind = table[data["name"]]
    settings = {key: value for key, value in data.items() if key != "name"}
    return Component(data["name"], kind, check(kind.Config, settings, where=where))
