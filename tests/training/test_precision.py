from __future__ import annotations

from itertools import accumulate, cycle

import pytest

from wenlu.training.precision import Precision, quickest_precision


@pytest.mark.parametrize(
    ("float32", "bfloat16", "expected"), [(8, 1, "bfloat16"), (1, 2, "float32"), (1, 1, "float32"), (5, 4, "float32")]
)
def test_bfloat16_is_taken_where_it_is_clearly_quicker(float32: int, bfloat16: int, expected: Precision):
    ticks = accumulate(cycle([float32, 0, bfloat16, 0]), initial=0)  # while a product is computed, and between
    assert quickest_precision(clock=lambda: float(next(ticks))) == expected
