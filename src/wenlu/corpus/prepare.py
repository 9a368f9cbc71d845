"""What is done to each text by itself, many at a time: normalise, refuse, name, and note what it looks like.

It knows nothing of the other texts, so it can be done anywhere and in any number of places at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wenlu.corpus.clean import Clean, content_id
from wenlu.corpus.dedup.near import Bands
from wenlu.corpus.dedup.shingles import shingled
from wenlu.corpus.settings import CleanConfig, DedupConfig


@dataclass(frozen=True, slots=True)
class Prepared:
    """Of N texts: `reasons` [N] to refuse each or nothing; of those K that stay their bodies, ids and bands [K, B]."""

    reasons: list[str]
    bodies: list[str]
    ids: list[bytes]
    bands: NDArray[np.uint64]


class Prepare:
    """Raw texts in, prepared ones out."""

    def __init__(self, clean: CleanConfig, dedup: DedupConfig) -> None:
        self._clean = Clean(clean)
        self._shingle = dedup.shingle
        self._bands = None if dedup.near is None else Bands.at(dedup.near)

    def __call__(self, texts: Sequence[str]) -> Prepared:
        bodies = list(map(self._clean.normalize, texts))
        reasons = list(map(self._clean.reason, bodies))
        kept = [body for body, reason in zip(bodies, reasons, strict=True) if not reason]
        return Prepared(reasons, kept, list(map(content_id, kept)), self._seen(kept))

    def _seen(self, bodies: Sequence[str]) -> NDArray[np.uint64]:
        if self._bands is None:
            return np.empty((len(bodies), 0), dtype=np.uint64)
        return self._bands.hashes(shingled(bodies, length=self._shingle))
