"""What a report on a model of numbers is made of. Texts in it come from users and are escaped where they are shown."""

from __future__ import annotations

import msgspec

from wenlu.evaluation.facts import Story
from wenlu.evaluation.regression.metrics import Metrics
from wenlu.evaluation.regression.verdict import History
from wenlu.evaluation.regression.worst import Answers, FarText


class CandidateFacts(msgspec.Struct, frozen=True):
    """A model that was trained, deployed or not. `seconds` of training."""

    name: str
    parameters: int
    seconds: float
    history: History
    train: Metrics
    validation: Metrics
    test: Metrics
    deployed: bool


class Report(Story, frozen=True, kw_only=True):
    """The whole story of a model of numbers. `answers` and `worst` are of the subject, on the test texts."""

    candidates: tuple[CandidateFacts, ...]
    answers: Answers
    worst: tuple[FarText, ...] = ()
