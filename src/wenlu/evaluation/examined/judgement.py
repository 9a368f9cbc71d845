"""What a judged classifier's page is made of."""

from __future__ import annotations

import msgspec

from wenlu.evaluation.examination import Examination
from wenlu.evaluation.f1 import Comparison
from wenlu.evaluation.hardest import HardText
from wenlu.evaluation.metrics import Metrics


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """A classifier on labelled texts; `comparison` is with the model `against`, on the same texts.

    `left_out` counts what could not be read, by reason; `language` is that of the texts, empty if nobody knows.
    """

    model: str
    data: str
    created: str
    language: str
    left_out: dict[str, int]
    metrics: Metrics
    examination: Examination
    hardest: tuple[HardText, ...]
    against: str = ""
    comparison: Comparison | None = None
