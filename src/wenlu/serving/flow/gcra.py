"""A rate that is kept without a timer."""

from __future__ import annotations

import re
from dataclasses import dataclass

from wenlu.base.errors import WenluError

_PERIODS = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_ROUNDING = 1e-6  # seconds
_RATE = re.compile(r"\s*(\d+)\s*/\s*(s|min|h|d)\s*")


@dataclass(frozen=True, slots=True)
class Rate:
    """So much in a period of so many seconds, all of it at once if one likes."""

    amount: int
    seconds: float

    @classmethod
    def read(cls, text: str) -> Rate:
        """
        >>> Rate.read("600/min")
        Rate(amount=600, seconds=60.0)
        """
        found = _RATE.fullmatch(text)
        if found is None or not int(found[1]):
            raise WenluError("bad_rate", f"'{text}' is no rate.", hint="Write 10/s, 600/min, 100000/h or 1000000/d.")
        return cls(int(found[1]), _PERIODS[found[2]])


class Gcra:
    """The generic cell rate algorithm (ITU-T I.371): a bucket that holds a rate's amount and fills up evenly, kept as
    the one time at which it will be full. Times are seconds of any clock that never goes back."""

    def __init__(self, rate: Rate) -> None:
        self._each = rate.seconds / rate.amount
        self._whole = rate.seconds
        self._full_at = float("-inf")

    def take(self, amount: int, *, now: float) -> float:
        """0 if so much is allowed, and then it is taken; else the seconds until it will be. Infinite for more than a
        whole bucket."""
        cost = amount * self._each
        full_at = max(self._full_at, now) + cost
        wait = full_at - self._whole - now
        if wait > _ROUNDING:
            return wait if cost <= self._whole + _ROUNDING else float("inf")
        self._full_at = full_at
        return 0.0
