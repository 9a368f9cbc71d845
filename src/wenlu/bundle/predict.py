"""The one way from texts to answers. Evaluation, the parity gate, `wenlu predict` and the service all call it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from msgspec import UNSET, UnsetType
from numpy.typing import NDArray

from wenlu.base.errors import WenluError
from wenlu.bundle.seal import Bundle
from wenlu.text.vocabulary import PAD_ID

# A batch is computed as long as its longest text, so one long text among short ones makes all of them dear: on reviews
# of 5 to 200 words it cost 2.5 times the time. A recurrent network gains little from more than 4 rows and nothing from
# more than 16, and memory grows with them.
_LEAST_ROWS, _MOST_ROWS = 4, 16
_STRETCH = 1.5  # longest to shortest text of a batch of more than the least rows
_MOST_TOKENS = 16_384  # padded tokens in one batch: bounds memory whatever the texts

Ids = NDArray[np.int64]
Floats = NDArray[np.float64]


class Runtime(Protocol):
    """Computes logits from ids. Not safe for two threads at once."""

    def predict(self, tokens_BT: Ids, lengths_B: Ids) -> NDArray[np.float32]:
        """Logits [B, C]. Row b of `tokens_BT` holds `lengths_B[b]` ids, then padding."""

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Answer:
    """The label with the highest probability, that probability, and those of all labels.

    `abstained` says if that probability is below the bundle's threshold; it is there only if the bundle has one.
    """

    label: str
    score: float
    scores: dict[str, float]
    abstained: bool | UnsetType = UNSET


@dataclass(frozen=True, slots=True)
class Estimate:
    """The number that a model of numbers answers, in the unit of what it learned from."""

    value: float


Prediction = Answer | Estimate


def as_numbers(prediction: Prediction) -> dict[str, float]:
    """All that an answer says, by name: the probability of each label, or the value."""
    return prediction.scores if isinstance(prediction, Answer) else {"value": prediction.value}


class Predictor:
    """A bundle with a runtime that computes for it."""

    def __init__(self, bundle: Bundle, runtime: Runtime) -> None:
        self.bundle = bundle
        self._runtime = runtime
        self._labels = tuple(bundle.manifest.labels)

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        """One answer a text, in order. What else is asked at the same time does not change an answer."""
        if self.bundle.manifest.scale is not None:
            return [Estimate(value) for value in self.values(texts).tolist()]
        return [self._answer(row) for row in self.probabilities(texts).tolist()]

    def values(self, texts: Sequence[str]) -> Floats:
        """What a model of numbers answers [N], in the unit of its scale; raises WenluError `no_numbers` for another."""
        scale = self.bundle.manifest.scale
        if scale is None:
            raise WenluError("no_numbers", f"{self.bundle.title} answers with labels, not with a number.")
        values: Floats = scale.mean + scale.deviation * self._logits(self.bundle.pipeline.encode(texts))[:, 0]
        return values

    def probabilities(self, texts: Sequence[str]) -> Floats:
        """Probabilities [N, C], columns in the order of the bundle's labels."""
        return self.probabilities_of_ids(self.bundle.pipeline.encode(texts))

    def probabilities_of_ids(self, ids: Sequence[Sequence[int]]) -> Floats:
        """As `probabilities`, from what the text pipeline made."""
        return softmax(self._logits(ids) / self.bundle.manifest.temperature)

    def logits(self, texts: Sequence[str]) -> Floats:
        """What the runtime computes [N, C], before the bundle's temperature."""
        return self._logits(self.bundle.pipeline.encode(texts))

    def close(self) -> None:
        self._runtime.close()

    def _logits(self, ids: Sequence[Sequence[int]]) -> Floats:
        """What the runtime computes [N, C], a batch of similar lengths at a time."""
        logits = np.empty((len(ids), self.bundle.manifest.outputs))
        for rows in batches_by_length([len(row) for row in ids]):
            logits[rows] = self._runtime.predict(*padded([ids[row] for row in rows]))
        return logits

    def _answer(self, row: list[float]) -> Answer:
        best = row.index(max(row))
        scores = dict(zip(self._labels, row, strict=True))
        threshold = self.bundle.manifest.abstain
        abstained = UNSET if threshold is None else row[best] < threshold
        return Answer(self._labels[best], row[best], scores, abstained)


def batches_by_length(
    lengths: Sequence[int], *, most_rows: int = _MOST_ROWS, most_tokens: int = _MOST_TOKENS
) -> Iterator[list[int]]:
    """Row numbers in batches of similar length, shortest first; no batch of several rows is over a bound.

    >>> list(batches_by_length([90, 3, 4, 100, 3, 4]))
    [[1, 4, 2, 5], [0, 3]]
    """
    batch: list[int] = []
    for row in sorted(range(len(lengths)), key=lengths.__getitem__):
        full = len(batch) >= most_rows or (len(batch) + 1) * lengths[row] > most_tokens
        if batch and (full or (len(batch) >= _LEAST_ROWS and lengths[row] > _STRETCH * lengths[batch[0]])):
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch


def padded(rows: Sequence[Sequence[int]]) -> tuple[Ids, Ids]:
    """Ids [B, T], each row padded to the longest, and the real lengths [B]."""
    lengths_B = np.fromiter(map(len, rows), dtype=np.int64, count=len(rows))
    tokens_BT = np.full((len(rows), int(lengths_B.max())), PAD_ID, dtype=np.int64)
    for tokens_T, row in zip(tokens_BT, rows, strict=True):
        tokens_T[: len(row)] = row
    return tokens_BT, lengths_B


def softmax(logits: Floats) -> Floats:
    """exp(x_i) / Σ_j exp(x_j) along the last axis, shifted by the maximum so that nothing overflows."""
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    total: Floats = exponentials.sum(axis=-1, keepdims=True)
    quotient: Floats = exponentials / total
    return quotient
