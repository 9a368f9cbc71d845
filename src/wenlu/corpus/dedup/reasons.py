"""Why a text is refused as a copy, as a number small enough to keep for every text of a corpus."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Reasons = NDArray[np.uint8]
"""One number a text: 0 is kept, another is a place in `NAMES`."""

KEPT, CONFLICT, OF_HELD_OUT, DUPLICATE, NEAR_OF_HELD_OUT, NEAR = range(6)

NAMES = ("", "label_conflict", "duplicate_of_held_out", "duplicate", "near_duplicate_of_held_out", "near_duplicate")
