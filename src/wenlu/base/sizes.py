"""Sizes as people write them."""

from __future__ import annotations

import re

from wenlu.base.errors import WenluError

_UNITS = {"": 1, "k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12, "ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40}
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]i?)?b?\s*", re.IGNORECASE)


def bytes_of(size: str) -> int:
    """Bytes; raises WenluError `bad_size`.

    >>> [bytes_of(size) for size in ("5MB", "1.5 GiB", "300k", "0")]
    [5000000, 1610612736, 300000, 0]
    """
    found = _SIZE.fullmatch(size)
    if found is None:
        raise WenluError("bad_size", f"'{size}' is no size.", hint="Write it as 500kB, 64MB or 1.5GiB.")
    number, unit = found.groups()
    return int(float(number) * _UNITS[(unit or "").lower()])
