"""How numbers are written for people."""

from __future__ import annotations


def percent(share: float) -> str:
    """One decimal. Only all of them are 100.0 %: a single mistake in ten thousand must not round away.

    >>> percent(0.8494), percent(0.9999), percent(1.0)
    ('84.9 %', '99.9 %', '100.0 %')
    """
    return f"{_hundredths(share)} %"


def percent_range(low: float, high: float) -> str:
    """
    >>> percent_range(0.831, 0.865)
    '83.1–86.5 %'
    """
    return f"{_hundredths(low)}–{_hundredths(high)} %"


def points(difference: float) -> str:
    """A difference of two shares, without its sign.

    >>> points(-0.0314)
    '3.1 points'
    """
    return f"{abs(difference) * 100:.1f} points"


def count(number: int) -> str:
    """
    >>> count(35123)
    '35,123'
    """
    return f"{number:,}"


def duration(seconds: float) -> str:
    """
    >>> duration(4.21), duration(192), duration(5000)
    ('4.2 s', '3 min 12 s', '1 h 23 min')
    """
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def _hundredths(share: float) -> str:
    return f"{min(share * 100, 99.9) if share < 1 else 100:.1f}"
