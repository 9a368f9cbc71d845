"""Cleaning: one spelling for each text, and texts that are no use refused with a reason."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import replace

from wenlu.base.records import Dropped, Text
from wenlu.corpus.settings import CleanConfig
from wenlu.text.normalize import Normalizer


class Clean:
    """Texts in; cleaned texts with their id, or the refusal, out. What is refused already passes through."""

    def __init__(self, config: CleanConfig) -> None:
        self._normalize = Normalizer(config.normalize)
        self._config = config

    def __call__(self, texts: Iterable[Text | Dropped]) -> Iterator[Text | Dropped]:
        for text in texts:
            yield text if isinstance(text, Dropped) else self._cleaned(text)

    def _cleaned(self, text: Text) -> Text | Dropped:
        body = self._normalize(text.body)
        reason = self._reason(body)
        return Dropped(text, reason) if reason else replace(text, body=body, id=content_id(body))

    def _reason(self, body: str) -> str:
        if not body:
            return "empty"
        if len(body) < self._config.min_length:
            return "too_short"
        if len(body) > self._config.max_length:
            return "too_long"
        return ""


def content_id(body: str) -> str:
    """32 hex digits that name a cleaned text."""
    return hashlib.sha256(body.encode()).hexdigest()[:32]
