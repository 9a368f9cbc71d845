"""Between which bounds a search may change a setting."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from pydantic import model_validator

from wenlu.base.spec import Field, Spec


class Between(Spec):
    """Any number from `low` to `high`; `log`: as many from each power of ten; whole numbers if both ends are."""

    low: float = Field(description="Least")
    high: float = Field(description="Most")
    log: bool = Field(default=False, description="Even on a logarithmic scale")

    @model_validator(mode="after")
    def _is_a_span(self) -> Self:
        if self.low >= self.high or (self.log and self.low <= 0):
            raise ValueError("'low' should be below 'high', and above 0 where 'log' is set")
        return self

    @property
    def whole(self) -> bool:
        return self.low == int(self.low) and self.high == int(self.high) and not self.log


Choices = Between | list[Any]
Space = Mapping[str, Choices]
"""By the dotted path of a setting: a span, or values to choose from."""
