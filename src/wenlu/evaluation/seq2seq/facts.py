"""What the report on a model from text to text is made of. All of it may come from users and is escaped where shown."""

from __future__ import annotations

import msgspec

from wenlu.evaluation.facts import DatasetFacts, TokenizerFacts
from wenlu.evaluation.language.measures import Variety
from wenlu.evaluation.seq2seq.measures import Foretold, Likeness
from wenlu.evaluation.verdict import Verdict


class PairEpoch(msgspec.Struct, frozen=True):
    """A stretch of training that ended with a look at validation. Losses are nats a token of the targets."""

    number: int
    epoch: float
    train_loss: float
    validation_loss: float
    seconds: float


class Example(msgspec.Struct, frozen=True):
    """A source, the target that a person wrote, the model's answer, and how alike these are (ROUGE-L)."""

    source: str
    target: str
    answer: str
    alike: float


class Judged(msgspec.Struct, frozen=True):
    """A model from text to text on pairs of each split.

    `answers` texts of test were answered, greedily. `trivial` is by name how alike answers are that nobody had to
    learn; `rival` names the best of them, and `ahead` is how much better the model is: there are none where a text is
    its own target. `unended` is the share of answers that the bound on their length cut off.
    """

    train: Foretold
    validation: Foretold
    test: Foretold
    answers: int
    own: Likeness
    trivial: dict[str, Likeness]
    rival: str
    ahead: Likeness | None
    unended: float
    written: Variety
    people: Variety
    examples: tuple[Example, ...]
    worst: tuple[Example, ...]


class PairReport(msgspec.Struct, frozen=True):
    """One model's whole story."""

    title: str
    version: str
    created: str
    verdict: Verdict
    judged: Judged
    history: tuple[PairEpoch, ...]
    best: int
    parameters: int
    seconds: float
    dataset: DatasetFacts
    tokenizer: TokenizerFacts
    lineage: dict[str, str] = {}
    recipe: str = ""
