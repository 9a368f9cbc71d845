"""Which kind of number a processor multiplies quickest. It is measured, since names of instructions don't tell.

A processor with matrix units (AMX) multiplies bfloat16 several times as fast as float32. One that has bfloat16 dot
products alone may be twice as slow with them: each takes two cycles where two float32 products take one.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Literal

import torch

Precision = Literal["float32", "bfloat16"]

KINDS: dict[Precision, torch.dtype] = {"float32": torch.float32, "bfloat16": torch.bfloat16}

_SIDE, _TIMES = 1024, 5
_WORTH = 1.3  # casts and less exact sums must pay


def quickest_precision(*, clock: Callable[[], float] = time.perf_counter) -> Precision:
    """`bfloat16` where its large products are 1.3 times as fast as those of float32, or more. It takes 0.2 s.

    Another machine, or this one under load, may answer otherwise: ask once a training, and keep the answer with its
    state, or a resumed training would go another way.
    """
    seconds: dict[Precision, list[float]] = {precision: [] for precision in KINDS}
    factors = {precision: torch.ones(_SIDE, _SIDE, dtype=kind) for precision, kind in KINDS.items()}
    for factor in factors.values():
        factor @ factor  # the first product prepares its code
    for _ in range(_TIMES):
        for precision, factor in factors.items():
            started = clock()
            factor @ factor
            seconds[precision].append(clock() - started)
    gain = statistics.median(seconds["float32"]) / statistics.median(seconds["bfloat16"])
    return "bfloat16" if gain >= _WORTH else "float32"
