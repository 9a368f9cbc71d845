"""What the report on a language model is made of. Everything in it may come from users and is escaped where shown."""

from __future__ import annotations

import msgspec

from wenlu.evaluation.facts import DatasetFacts, TokenizerFacts
from wenlu.evaluation.language.measures import Surprise, Variety
from wenlu.evaluation.verdict import Verdict


class LanguageEpoch(msgspec.Struct, frozen=True):
    """A stretch of training that ended with a look at validation. Losses are nats a token."""

    number: int
    epoch: float
    train_loss: float
    validation_loss: float
    seconds: float


class Sample(msgspec.Struct, frozen=True):
    """What the model wrote behind a prompt, and what people wrote there, if that is told."""

    prompt: str
    text: str
    people: str = ""


class StrangeText(msgspec.Struct, frozen=True):
    """A text that surprised the model, with its bits a character."""

    text: str
    bits: float


class Judged(msgspec.Struct, frozen=True):
    """A language model on texts of each split, beside the n-gram model on the same ones.

    `gain` holds 95 % of what it needs less than the n-gram model, in bits a character of test. `own` is the variety of
    what it wrote, `people` that of as many texts by people.
    """

    train: Surprise
    validation: Surprise
    test: Surprise
    counting: Surprise
    gain: tuple[float, float]
    own: Variety
    people: Variety
    samples: tuple[Sample, ...]
    strangest: tuple[StrangeText, ...]
    answers: bool = False


class LanguageReport(msgspec.Struct, frozen=True):
    """One language model's whole story."""

    title: str
    version: str
    created: str
    verdict: Verdict
    judged: Judged
    history: tuple[LanguageEpoch, ...]
    best: int
    parameters: int
    seconds: float
    dataset: DatasetFacts
    tokenizer: TokenizerFacts
    lineage: dict[str, str] = {}
    recipe: str = ""
