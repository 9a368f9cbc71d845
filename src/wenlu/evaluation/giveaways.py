"""Pieces of text that give a label away: a name of the source, a rubric, a signature that stands in every text of one
label. A model that reads them has learned where a text comes from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wenlu.corpus.dedup.shingles import shingle_set, shingled
from wenlu.evaluation.doubts import Giveaway
from wenlu.text.runs import runs

# A word of a subject stands in some of its texts, and in some of others. What stands in four of five, and in hardly
# another, was put there.
PRECISION, RECALL = 0.98, 0.80
_LEAST = 20  # texts of a label that show a pattern
_LENGTHS = (4, 2)  # characters: the longer tells people more of what it is
_CHARACTERS = 300_000


def giveaways(bodies: Sequence[str], truth: NDArray[np.integer[Any]], labels: Sequence[str]) -> tuple[Giveaway, ...]:
    """At most one piece for each label, the one that tells most first."""
    texts_C = np.bincount(truth, minlength=len(labels))
    found: dict[int, Giveaway] = {}
    for length in _LENGTHS:
        hashes, rows = _distinct(bodies, length)
        names, piece, counts = np.unique(hashes, return_inverse=True, return_counts=True)
        common = counts >= RECALL * _LEAST  # a rarer one can't stand in four of five texts of any label
        piece, rows = (np.cumsum(common) - 1)[piece[common[piece]]], rows[common[piece]]
        names = names[common]
        table_GC = np.zeros((len(names), len(labels)), dtype=np.int64)
        np.add.at(table_GC, (piece, truth[rows]), 1)
        totals_G1 = table_GC.sum(1, keepdims=True).clip(min=1)
        precision_GC, recall_GC = table_GC / totals_G1, table_GC / texts_C.clip(min=1)
        told_GC = (precision_GC >= PRECISION) & (recall_GC >= RECALL) & (texts_C >= _LEAST)
        for label in np.flatnonzero(told_GC.any(0)).tolist():
            best = int(np.where(told_GC[:, label], recall_GC[:, label], -1).argmax())
            text = int(rows[piece == best][0])
            spelled = _spelled(bodies[text], names[best], length)
            one = Giveaway(spelled, labels[label], float(precision_GC[best, label]), float(recall_GC[best, label]))
            if label not in found or one.recall > found[label].recall:
                found[label] = one
    return tuple(sorted(found.values(), key=lambda one: (-one.recall, one.label)))


def _distinct(bodies: Sequence[str], length: int) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """The different shingles of each text and its number, behind one another."""
    hashes, rows, start = [np.empty(0, dtype=np.uint64)], [np.empty(0, dtype=np.int64)], 0
    for run in runs(bodies, characters=_CHARACTERS):
        shingles = shingled(run, length=length)
        for number in range(len(run)):
            mine = np.unique(shingles.of(number))
            hashes.append(mine)
            rows.append(np.full(len(mine), start + number))
        start += len(run)
    return np.concatenate(hashes), np.concatenate(rows)


def _spelled(body: str, name: np.uint64, length: int) -> str:
    """The shingle of a text that has this hash."""
    pieces = sorted(shingle_set(body, length=length))
    hashed = shingled(pieces, length=length).hashes
    return next(piece for piece, one in zip(pieces, hashed.tolist(), strict=True) if one == int(name))
