"""Component tables: a name, and where the thing of that name is written.

Rows are text, so that naming a component loads nothing; the module is imported on first use.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from importlib.metadata import entry_points
from typing import Any

from wenlu.base.errors import WenluError, did_you_mean


class Table:
    """name → "package.module:Attribute" of one kind of component.

    Other packages add rows by an entry point in the group `wenlu.<kind>`. A row of ours wins over theirs.
    """

    def __init__(self, kind: str, rows: Mapping[str, str]) -> None:
        self.kind = kind
        self._rows = dict(rows)

    def __iter__(self) -> Iterator[str]:
        return iter(sorted({**self._foreign_rows(), **self._rows}))

    def __getitem__(self, name: str) -> Any:
        """The component called `name`; raises WenluError `unknown_<kind>` with the nearest name."""
        row = self._rows.get(name) or self._foreign_rows().get(name)
        if row is None:
            known = list(self)
            raise WenluError(
                f"unknown_{self.kind}",
                f"There is no {self.kind} called '{name}'.{did_you_mean(name, known)}",
                hint=f"Known: {', '.join(known)}.",
            )
        module, _, attribute = row.partition(":")
        return getattr(importlib.import_module(module), attribute)

    def _foreign_rows(self) -> dict[str, str]:
        return {point.name: point.value for point in entry_points(group=f"wenlu.{self.kind}")}
