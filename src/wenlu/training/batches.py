"""In which order, and in which company, training texts are read."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_POOL = 50  # batches whose texts are sorted together: little padding, and the order still mostly chance


def epoch_batches(lengths: NDArray[np.int64], *, size: int, seed: int, epoch: int) -> list[Sequence[int]]:
    """Row numbers in batches of at most `size`, each row once, texts of similar length together.

    The order depends on `seed` and `epoch` alone, so a resumed run reads what the stopped one would have.
    """
    chance = np.random.default_rng([seed, epoch])
    order = chance.permutation(len(lengths))
    batches: list[Sequence[int]] = []
    for start in range(0, len(order), size * _POOL):
        pool = order[start : start + size * _POOL]
        pool = pool[np.argsort(lengths[pool], kind="stable")]
        batches += [pool[first : first + size].tolist() for first in range(0, len(pool), size)]
    return [batches[number] for number in chance.permutation(len(batches))]
