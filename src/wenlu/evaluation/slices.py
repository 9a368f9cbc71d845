"""Kinds of texts on which a classifier does worse than on the others: by length, script, source, label and words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from wenlu.base.records import Text
from wenlu.evaluation.metrics import wilson_interval
from wenlu.text.kinds import HAN, HIRAGANA, KATAKANA, LATIN, LETTER, count_kinds
from wenlu.text.language import LANGUAGES, languages_by_kinds

# One in twenty equal sets of slices has one that is called worse (Bonferroni: divided by how many are looked at).
_SIGNIFICANCE = 0.05
_PARTS = 4
_MUCH_LATIN, _MUCH_KATAKANA = 0.2, 0.3  # of a text's letters
_MUCH_UNKNOWN = 0.1  # of a text's ids
_RARE = 0.5  # a label is rare with less than half of what each would have if all had the same
_MOST_SOURCES = 20

Kind = Literal["length", "script", "source", "rare_labels", "unknown"]
Mask = NDArray[np.bool_]


class Slice(msgspec.Struct, frozen=True):
    """Texts of one kind beside all others, with 95 % of their accuracy.

    `p_value` is how likely the rest would do so well, or better, by chance (Fisher's exact test, one-sided); `worse` if
    that can't be chance, however many slices were looked at.
    """

    kind: Kind
    name: str
    texts: int
    accuracy: float
    accuracy_interval: tuple[float, float]
    rest_accuracy: float
    p_value: float
    worse: bool


def cut_slices(
    texts: Sequence[Text],
    right: NDArray[np.bool_],
    *,
    label_counts: Mapping[str, int] | None = None,
    unknown: NDArray[np.floating[Any]] | None = None,
) -> tuple[Slice, ...]:
    """Every slice that holds some of the texts and not all; one text may be in several.

    `right` [N] says which are answered right, `label_counts` how many texts of each label were learned from, `unknown`
    [N] what share of a text's ids is none the vocabulary knows.
    """
    found = [
        *_by_length([text.body for text in texts]),
        *_by_script([text.body for text in texts]),
        *_by_source(texts),
        *_by_label(texts, label_counts or {}),
        *_by_unknown(unknown),
    ]
    real = [one for one in found if 0 < int(one[2].sum()) < len(texts)]
    return tuple(_slice(kind, name, mask, right, looked_at=len(real)) for kind, name, mask in real)


def worse_than_the_rest(slices: Sequence[Slice]) -> tuple[Slice, ...]:
    """Those that are clearly worse, the one that loses most first."""
    return tuple(sorted((one for one in slices if one.worse), key=lambda one: one.accuracy - one.rest_accuracy))


def fisher_p_value(right: int, texts: int, *, rest_right: int, rest: int) -> float:
    """How likely at most `right` of `texts` are right if they are drawn from all (Fisher 1935).

    P[X ≤ k] of a hypergeometric X; its terms are added from k down until they no longer count.

    >>> round(fisher_p_value(1, 5, rest_right=9, rest=10), 4)
    0.017
    """
    every, every_right = texts + rest, right + rest_right
    whole = _log_choose(every, texts)
    tail = 0.0
    for k in range(right, max(0, texts - (every - every_right)) - 1, -1):
        term = math.exp(_log_choose(every_right, k) + _log_choose(every - every_right, texts - k) - whole)
        tail += term
        if term < tail * 1e-12 and k < texts * every_right / every:
            break
    return min(1.0, tail)


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def _slice(kind: Kind, name: str, mask: Mask, right_N: NDArray[np.bool_], *, looked_at: int) -> Slice:
    texts, right = int(mask.sum()), int((mask & right_N).sum())
    rest, rest_right = len(mask) - texts, int((~mask & right_N).sum())
    p_value = fisher_p_value(right, texts, rest_right=rest_right, rest=rest)
    return Slice(
        kind=kind,
        name=name,
        texts=texts,
        accuracy=right / texts,
        accuracy_interval=wilson_interval(right, texts),
        rest_accuracy=rest_right / rest,
        p_value=p_value,
        worse=p_value <= _SIGNIFICANCE / looked_at,
    )


Found = Iterator[tuple[Kind, str, Mask]]


def _by_length(bodies: Sequence[str]) -> Found:
    """Quarters by characters; fewer where many texts are of one length."""
    length_N = np.fromiter(map(len, bodies), dtype=np.int64, count=len(bodies))
    quantiles = np.quantile(length_N, [part / _PARTS for part in range(1, _PARTS)], method="lower")
    ends = sorted({*quantiles.tolist(), int(length_N.max())})
    for start, end in zip([int(length_N.min()) - 1, *ends[:-1]], ends, strict=True):
        yield "length", _range(start + 1, end), (length_N > start) & (length_N <= end)


def _range(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}–{last}"


def _by_script(bodies: Sequence[str]) -> Found:
    kinds_NK = count_kinds(bodies)
    language_N = languages_by_kinds(kinds_NK)
    for number, language in enumerate(LANGUAGES):
        yield "script", language, language_N == number
    letters_N = kinds_NK[:, [LATIN, LETTER, HIRAGANA, KATAKANA]].sum(axis=1) + kinds_NK[:, HAN:].sum(axis=1)
    yield "script", "latin", kinds_NK[:, LATIN] >= np.maximum(_MUCH_LATIN * letters_N, 1)
    yield "script", "katakana", kinds_NK[:, KATAKANA] >= np.maximum(_MUCH_KATAKANA * letters_N, 1)


def _by_source(texts: Sequence[Text]) -> Found:
    """By file, or by folder where each file is a text; not at all where even folders are many."""
    files = [text.source.file for text in texts]
    for names in (files, [str(PurePosixPath(name).parent) for name in files]):
        if len(set(names)) <= _MOST_SOURCES:
            for name in sorted(set(names)):
                yield "source", name, np.array([one == name for one in names])
            return


def _by_label(texts: Sequence[Text], counts: Mapping[str, int]) -> Found:
    fair = sum(counts.values()) / len(counts) if counts else 0.0
    rare = {label for label, number in counts.items() if number < _RARE * fair}
    if rare:
        yield "rare_labels", ", ".join(sorted(rare)), np.array([text.label in rare for text in texts])


def _by_unknown(unknown_N: NDArray[np.floating[Any]] | None) -> Found:
    if unknown_N is not None:
        yield "unknown", f"{_MUCH_UNKNOWN:.0%}", np.asarray(unknown_N) >= _MUCH_UNKNOWN
