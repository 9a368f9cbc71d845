"""Cleaning: one spelling for each text, and texts that are no use refused with a reason."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any, NamedTuple

from wenlu.base.component import component
from wenlu.corpus.filters import FILTERS
from wenlu.corpus.settings import CleanConfig
from wenlu.text.chat.conversation import NoConversationError, Turn, as_body, turns_of
from wenlu.text.normalize import Normalizer


class Cleaned(NamedTuple):
    """Of each text: what it is now, and why it is refused, or nothing."""

    bodies: list[str]
    reasons: list[str]


class Clean:
    """What is done to each text, and which are refused. Knows nothing of where a text comes from."""

    def __init__(self, config: CleanConfig) -> None:
        self.normalize = Normalizer(config.normalize)
        self._lengths = (config.min_length, config.max_length)
        self._filters = [_filter(named) for named in config.filters]

    def __call__(self, texts: Sequence[str]) -> Cleaned:
        """All that is done to texts."""
        bodies = self.normalize.many(texts)
        return Cleaned(bodies, self.reasons(bodies))

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


class CleanConversations(Clean):
    """The same for conversations: what is said is changed and weighed, and who says it stays."""

    def __call__(self, texts: Sequence[str]) -> Cleaned:
        conversations = list(map(turns_of, texts))
        contents = iter(self.normalize.many([turn.content for turns in conversations for turn in turns]))
        said = [list(islice(contents, len(turns))) for turns in conversations]
        reasons = self.reasons(list(map("\n".join, said)))
        found = [
            _with_contents(turns, now, reason) for turns, now, reason in zip(conversations, said, reasons, strict=True)
        ]
        return Cleaned([body for body, _ in found], [reason for _, reason in found])


def _with_contents(turns: list[Turn], contents: list[str], reason: str) -> tuple[str, str]:
    """The text of a conversation with these contents, and why it is refused, or nothing."""
    try:
        return as_body([Turn(turn.role, now) for turn, now in zip(turns, contents, strict=True)]), reason
    except NoConversationError as error:  # a step may leave nothing of a content, or make a mark of an entity
        return "", error.reason


def content_id(body: str) -> bytes:
    """16 bytes that name a cleaned text: the beginning of its SHA-256."""
    return hashlib.sha256(body.encode()).digest()[:16]


def _filter(named: str | dict[str, Any]) -> Callable[[str], str]:
    found = component(FILTERS, named, where="data: clean: filters")
    refuse: Callable[[str], str] = found.kind(found.config)
    return refuse
