"""What a report is made of. Everything in it may come from users and is escaped where it is shown."""

from __future__ import annotations

import msgspec

from wenlu.evaluation.curve import Fraction
from wenlu.evaluation.doubts import Doubts
from wenlu.evaluation.examination import Examination
from wenlu.evaluation.hardest import HardText
from wenlu.evaluation.metrics import Metrics
from wenlu.evaluation.verdict import History, Verdict


class DatasetFacts(msgspec.Struct, frozen=True):
    """Where the texts went. `splits`, `dropped` (by reason) and `labels` count texts.

    `label_conflicts` counts texts that came with more than one label. `language` is a code such as `zh` or `ja`.
    """

    name: str
    version: str
    splits: dict[str, int]
    dropped: dict[str, int]
    labels: dict[str, int]
    label_conflicts: int = 0
    language: str = ""


class TokenizerFacts(msgspec.Struct, frozen=True):
    """How texts became ids. `coverage` is the share of the training texts' pieces that the vocabulary knows;
    `oov_rate` the share of the test texts' pieces that it does not."""

    name: str
    segmenter: str
    size: int
    coverage: float
    oov_rate: float


class PretrainingFacts(msgspec.Struct, frozen=True):
    """What a model's backbone learned first, from texts without labels.

    `texts` were learned from, `left_out` were like validation or test texts; `loss` fell from `first_loss`, after the
    first round, and `accuracy` of the masked ids are guessed, both in texts that were held back.
    """

    dataset: str
    texts: int
    left_out: int
    epochs: float
    seconds: float
    first_loss: float
    loss: float
    accuracy: float


class CandidateFacts(msgspec.Struct, frozen=True):
    """A model that was trained, deployed or not. `seconds` of training; `examination` is of the test texts."""

    name: str
    parameters: int
    seconds: float
    history: History
    train: Metrics
    validation: Metrics
    test: Metrics
    deployed: bool
    examination: Examination | None = None


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """What is told of a model whatever its task. `lineage` is shown row by row as it comes: what, and its version or
    hash.

    `subject` names the candidate that the verdict, the key figures and the texts are about; empty: the deployed one.
    `pretraining` is of the subject.
    """

    title: str
    version: str
    created: str
    verdict: Verdict
    choice: str
    dataset: DatasetFacts
    tokenizer: TokenizerFacts
    lineage: dict[str, str] = {}
    recipe: str = ""
    subject: str = ""
    pretraining: PretrainingFacts | None = None


class Report(Story, frozen=True, kw_only=True):
    """A classifier's whole story."""

    candidates: tuple[CandidateFacts, ...]
    hardest: tuple[HardText, ...] = ()
    doubts: Doubts | None = None
    curve: tuple[Fraction, ...] = ()
