from __future__ import annotations

import pytest

from wenlu.base.errors import WenluError
from wenlu.base.sizes import bytes_of


@pytest.mark.parametrize("said", ["", "5 apples", "-1MB", "MB", "1.MB", "１MiBs"])
def test_a_size_that_is_none_is_refused(said: str):
    with pytest.raises(WenluError, match="is no size"):
        bytes_of(said)


def test_sizes_are_read_as_people_write_them():
    assert [bytes_of(said) for said in ("0", "5mb", " 2 GiB ", "1.5k")] == [0, 5_000_000, 2 << 30, 1_500]
