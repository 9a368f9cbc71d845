"""Held-out texts that have a near copy among the training texts, in memory that does not grow with these."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from wenlu.corpus.dedup.near import Bands
from wenlu.corpus.dedup.shingles import shingle_set, shingled, similarity
from wenlu.text.runs import runs

_CHARACTERS = 300_000  # 100 bytes each while their shingles are hashed
_TOGETHER = 4096  # training texts read in one go

Meetings = dict[int, list[int]]


@dataclass(frozen=True, slots=True)
class NearCopy:
    """A held-out text, by number, the training text that is most like it, and Jaccard's index of the two."""

    text: int
    source: str
    similarity: float


def near_copies(
    held_out: Sequence[str], training: Iterable[str], *, threshold: float, shingle: int
) -> tuple[NearCopy, ...]:
    """Those of the held-out texts that are like a training text, in order; they are found as an import finds copies."""
    bands = Bands.at(threshold)
    meetings = _meetings(_shown(held_out, bands, shingle))
    shingles = [shingle_set(body, length=shingle) for body in held_out]
    found: dict[int, NearCopy] = {}
    training = iter(training)
    while bodies := list(islice(training, _TOGETHER)):
        for number, met in _met(_shown(bodies, bands, shingle), meetings):
            theirs = shingle_set(bodies[number], length=shingle)
            for text in met:
                alike = similarity(shingles[text], theirs)
                if alike >= threshold and (text not in found or alike > found[text].similarity):
                    found[text] = NearCopy(text, bodies[number], alike)
    return tuple(found[text] for text in sorted(found))


def _shown(bodies: Sequence[str], bands: Bands, shingle: int) -> NDArray[np.uint64]:
    """What each text shows in each band [N, bands]."""
    parts = [bands.hashes(shingled(run, length=shingle)) for run in runs(bodies, characters=_CHARACTERS)]
    return np.concatenate([np.empty((0, bands.number), dtype=np.uint64), *parts])


def _meetings(shown: NDArray[np.uint64]) -> list[Meetings]:
    """For each band: the texts that show something, by what they show."""
    meetings: list[Meetings] = []
    for column in shown.T.tolist():
        by_shown: Meetings = defaultdict(list)
        for text, one in enumerate(column):
            if one:
                by_shown[one].append(text)
        meetings.append(by_shown)
    return meetings


def _met(shown: NDArray[np.uint64], meetings: Sequence[Meetings]) -> Iterator[tuple[int, set[int]]]:
    """Each of some training texts that meets held-out ones in a band, and those."""
    for number, row in enumerate(shown.tolist()):
        met = {text for band, one in zip(meetings, row, strict=True) if one in band for text in band[one]}
        if met:
            yield number, met
