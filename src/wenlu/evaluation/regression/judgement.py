"""What is told of a model of numbers that was judged."""

from __future__ import annotations

import msgspec

from wenlu.evaluation.regression.choose import Difference
from wenlu.evaluation.regression.metrics import Metrics
from wenlu.evaluation.regression.worst import FarText


class NumbersJudgement(msgspec.Struct, frozen=True, kw_only=True):
    """A model of numbers on labelled texts; `difference` is from the model `against`, on the same texts.

    `left_out` counts what could not be read, by reason.
    """

    model: str
    data: str
    created: str
    left_out: dict[str, int]
    metrics: Metrics
    worst: tuple[FarText, ...]
    against: str = ""
    difference: Difference | None = None
