"""How alike an answer and the text that a person wrote are, by characters: Chinese and Japanese have no words between
spaces, and no two segmenters cut them alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

ORDERS = 6  # lengths of the n-grams of chrF
_BETA = 2.0  # recall weighs twice as much as precision in chrF


def rouge_l(answer: str, target: str) -> float:
    """F₁ of the longest common subsequence of characters (Lin 2004, with β = 1): 2 L / (|answer| + |target|).

    >>> rouge_l("猫坐在垫子上", "猫在垫上"), rouge_l("abc", "xyz"), rouge_l("", "")
    (0.8, 0.0, 1.0)
    """
    if not answer and not target:
        return 1.0
    return 2 * common_subsequence(answer, target) / (len(answer) + len(target))


def common_subsequence(one: str, other: str) -> int:
    """Length of the longest common subsequence, a row of the table at a time as the bits of a number (Hyyrö 2004).

    >>> common_subsequence("ABCBDAB", "BDCABA")
    4
    """
    places: dict[str, int] = {}
    for place, character in enumerate(one):
        places[character] = places.get(character, 0) | 1 << place
    full = (1 << len(one)) - 1
    row = full
    for character in other:
        matched = row & places.get(character, 0)
        row = ((row + matched) | (row - matched)) & full
    return len(one) - row.bit_count()


def ngram_counts(answer: str, target: str) -> Counts:
    """Of the n-grams of characters, n = 1 to 6, without white space: how many the answer has, how many the target has,
    and how many they have in common [6, 3]. Sums of them over texts are what chrF is made of."""
    own, wanted = ("".join(text.split()) for text in (answer, target))
    return np.array([_counts(own, wanted, length) for length in range(1, ORDERS + 1)], dtype=np.int64)


def chrf(counts_N63: NDArray[np.floating | np.integer]) -> Floats:
    """chrF₂ [...] of summed counts [..., 6, 3]: Fβ, β = 2, of the means of precision and recall over those lengths of
    n-grams that both have (Popović 2015; as sacrebleu 2 computes it, between 0 and 1)."""
    own, wanted, common = (counts_N63[..., column].astype(np.float64) for column in range(3))
    counted = (own > 0) & (wanted > 0)
    lengths = np.maximum(counted.sum(-1), 1)
    precision = (np.where(counted, common, 0) / np.maximum(own, 1)).sum(-1) / lengths
    recall = (np.where(counted, common, 0) / np.maximum(wanted, 1)).sum(-1) / lengths
    factor = _BETA**2
    below = factor * precision + recall
    score: Floats = np.where(below > 0, (1 + factor) * precision * recall / np.where(below > 0, below, 1), 0.0)
    return score


def _counts(own: str, wanted: str, length: int) -> Sequence[int]:
    mine, theirs = _grams(own, length), _grams(wanted, length)
    return mine.total(), theirs.total(), (mine & theirs).total()


def _grams(text: str, length: int) -> Counter[str]:
    return Counter(text[start : start + length] for start in range(len(text) - length + 1))
