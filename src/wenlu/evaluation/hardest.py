"""The texts a classifier is surest about and wrong: mislabelled, ambiguous, or what it has not learned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

_LONGEST = 200  # characters shown; enough to see why


class HardText(msgspec.Struct, frozen=True):
    """A text answered wrong, with the probability the wrong answer got."""

    text: str
    truth: str
    answer: str
    probability: float


def hardest_texts(
    texts: Sequence[str],
    *,
    labels: Sequence[str],
    truth: NDArray[np.integer[Any]],
    probabilities: NDArray[np.floating[Any]],
    limit: int = 20,
) -> tuple[HardText, ...]:
    """At most `limit` texts answered wrong, the surest mistake first; texts are cut to 200 characters."""
    answers_N = probabilities.argmax(1)
    sureness_N = probabilities.max(1)
    wrong = np.flatnonzero(answers_N != truth)
    surest_first = wrong[np.argsort(-sureness_N[wrong], kind="stable")][:limit]
    return tuple(
        HardText(cut(texts[row]), labels[truth[row]], labels[answers_N[row]], float(sureness_N[row]))
        for row in surest_first.tolist()
    )


def cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
