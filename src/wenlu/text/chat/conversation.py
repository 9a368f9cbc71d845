"""Who says what in turn, and the one text that a dataset keeps a conversation as.

Before each turn stands a mark of who speaks: `␁你是助手。␅你好␆你好！`. The marks are control pictures, which no
normaliser changes, nobody types and which are no letters, so that copies are told by what was said. A content that
holds one is refused, so what somebody says never becomes a turn.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Literal

import msgspec

from wenlu.base.errors import WenluError

Role = Literal["system", "user", "assistant"]
ROLES: tuple[Role, ...] = ("system", "user", "assistant")

_MARKS: dict[Role, str] = {"system": "␁", "user": "␅", "assistant": "␆"}
_SPEAKERS = {mark: role for role, mark in _MARKS.items()}
_MARK = re.compile(f"[{''.join(_SPEAKERS)}]")


class Turn(msgspec.Struct, frozen=True):
    """What one speaker says before another one does."""

    role: Role
    content: str


class NoConversationError(Exception):
    """What was read can't be learned from as a conversation; `reason` is counted."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def checked(turns: Iterable[Turn]) -> list[Turn]:
    """A conversation to learn answers from: at most one turn of the system, then questions and answers in turn.

    Neighbours of one speaker are one turn, their lines one below the other; what stands behind the last answer is left
    out. Raises NoConversationError: `empty_content`, `reserved_mark`, `late_system`, `no_question` (an answer stands
    first), `no_answer`.

    >>> checked([Turn("user", "在吗"), Turn("user", "你好"), Turn("assistant", "你好！"), Turn("user", "嗯")])
    [Turn(role='user', content='在吗\\n你好'), Turn(role='assistant', content='你好！')]
    """
    joined = [_joined(role, list(some)) for role, some in groupby(turns, key=lambda turn: turn.role)]
    while joined and joined[-1].role != "assistant":
        joined.pop()
    if not joined:
        raise NoConversationError("no_answer")
    roles = [turn.role for turn in joined]
    if "system" in roles[1:]:
        raise NoConversationError("late_system")
    if roles[roles[0] == "system"] != "user":
        raise NoConversationError("no_question")
    return joined


def as_body(turns: Sequence[Turn]) -> str:
    """The one text of a conversation; raises NoConversationError as `checked` does for what a turn holds.

    >>> as_body([Turn("user", "你好"), Turn("assistant", "你好！")])
    '␅你好␆你好！'
    """
    for turn in turns:
        check_content(turn.content)
    return "".join(_MARKS[turn.role] + turn.content for turn in turns)


def turns_of(body: str) -> list[Turn]:
    """The turns of a text that `as_body` made; raises WenluError `no_conversation` for another text.

    >>> turns_of("␅你好␆你好！")
    [Turn(role='user', content='你好'), Turn(role='assistant', content='你好！')]
    """
    before, *contents = _MARK.split(body)
    if before or not contents:
        raise WenluError(
            "no_conversation",
            f"This text is no conversation: {body[:40]!r}.",
            hint="Read its source with format: chat.",
        )
    return [Turn(_SPEAKERS[mark], said) for mark, said in zip(_MARK.findall(body), contents, strict=True)]


def check_content(content: str) -> None:
    """Raises NoConversationError `empty_content` or `reserved_mark`."""
    if not content.strip():
        raise NoConversationError("empty_content")
    if _MARK.search(content):
        raise NoConversationError("reserved_mark")


def answers_of(body: str) -> list[str]:
    """What the assistant says in it."""
    return [turn.content for turn in turns_of(body) if turn.role == "assistant"]


def contents_of(body: str) -> list[str]:
    """What anybody says in it."""
    return [turn.content for turn in turns_of(body)]


def _joined(role: Role, turns: list[Turn]) -> Turn:
    for turn in turns:
        check_content(turn.content)
    return Turn(role, "\n".join(turn.content for turn in turns))
