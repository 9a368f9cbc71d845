"""Cleaning: one spelling for each text, and texts that are no use refused with a reason."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

from wenlu.base.component import component
from wenlu.corpus.filters import FILTERS
from wenlu.corpus.settings import CleanConfig
from wenlu.text.normalize import Normalizer


class Clean:
    """What is done to each text, and which are refused. Knows nothing of where a text comes from."""

    def __init__(self, config: CleanConfig) -> None:
        self.normalize = Normalizer(config.normalize)
        self._lengths = (config.min_length, config.max_length)
        self._filters = [_filter(named) for named in config.filters]

    def reason(self, body: str) -> str:
        """Why a normalised text is refused, or nothing."""
        shortest, longest = self._lengths
        if not body:
            return "empty"
        if len(body) < shortest:
            return "too_short"
        if len(body) > longest:
            return "too_long"
        return next((why for refuse in self._filters if (why := refuse(body))), "")

    def reasons(self, bodies: Sequence[str]) -> list[str]:
        """`reason` of each."""
        shortest, longest = self._lengths
        if self._filters:
            return list(map(self.reason, bodies))
        return ["" if body and shortest <= len(body) <= longest else self.reason(body) for body in bodies]


def content_id(body: str) -> bytes:
    """16 bytes that name a cleaned text: the beginning of its SHA-256."""
    return hashlib.sha256(body.encode()).digest()[:16]


def _filter(named: str | dict[str, Any]) -> Callable[[str], str]:
    found = component(FILTERS, named, where="data: clean: filters")
    refuse: Callable[[str], str] = found.kind(found.config)
    return refuse
