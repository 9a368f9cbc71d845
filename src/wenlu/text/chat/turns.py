"""A template over a tokenizer: conversations to ids.

Marks have ids behind those of the tokenizer, which itself stays as it is. Contents go through the tokenizer one by one
and come back as ids of its own alone: no content, whatever it spells, can give the id of a mark.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from wenlu.text.chat.conversation import Turn
from wenlu.text.chat.template import APART, Template
from wenlu.text.tokenizers import Tokenizer

Cut = Literal["", "turns", "answer", "all"]


@dataclass(frozen=True, slots=True)
class Fitted:
    """The ids of a conversation that fit into a window, and what had to go: the oldest `turns`, the end of the last
    `answer` with them, or `all`, since the question alone fills the window."""

    ids: NDArray[np.int32]
    cut: Cut


class Turns:
    """Conversations as ids of one tokenizer and the marks of one template."""

    def __init__(self, template: Template, tokenizer: Tokenizer, normalized: Callable[[str], str]) -> None:
        self.template = template
        self.marks = {mark: tokenizer.size + number for number, mark in enumerate(template.marks)}
        """The id of each mark."""
        self._tokenizer, self._normalized = tokenizer, normalized
        self._begins = {role: self.marks[mark] for role, mark in template.before.items()}
        self._ends = {role: [self.marks[mark]] if mark else [] for role, mark in template.after.items()}
        self._first_mark, self._speakers = tokenizer.size, np.array(sorted(self._begins.values()))

    @property
    def size(self) -> int:
        """How many ids there are, marks and all."""
        return self._tokenizer.size + len(self.marks)

    @property
    def stop(self) -> int:
        """The id that ends an answer."""
        return self._ends["assistant"][0]

    def encode(self, conversations: Sequence[Sequence[Turn]]) -> list[list[int]]:
        """The ids of each, whole."""
        contents = [self._normalized(turn.content.replace(APART, "")) for turns in conversations for turn in turns]
        encoded = iter(self._tokenizer.encode_batch(contents))
        return [
            list(chain.from_iterable(map(self._turn, turns, islice(encoded, len(turns))))) for turns in conversations
        ]

    def by_turn(self, turns: Sequence[Turn]) -> list[list[int]]:
        """The ids of each turn of one conversation."""
        return self.encode([[turn] for turn in turns])

    @property
    def answering(self) -> list[int]:
        """The ids behind which an answer begins."""
        return [self._begins["assistant"]]

    def is_mark(self, number: int) -> bool:
        return number >= self._first_mark

    def answered(self, ids: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Which of the ids of conversations, one behind the other, are answers: what is said, and the mark that ends
        it."""
        speaks = np.isin(ids, self._speakers)
        last = np.maximum.accumulate(np.where(speaks, np.arange(len(ids)), 0))
        answers: NDArray[np.bool_] = (ids[last] == self._begins["assistant"]) & ~speaks
        return answers

    def fitted(self, ids: NDArray[np.int32], window: int) -> Fitted:
        """As much of a conversation as fits into `window` ids: the system's turn and the newest ones. Of a last answer
        that is too long even so, the end is left out, without the mark that would end it."""
        if len(ids) <= window:
            return Fitted(ids, "")
        begins = np.flatnonzero(np.isin(ids, self._speakers))
        system = int(begins[1]) if ids[0] == self._begins["system"] else 0
        for start in begins[ids[begins] == self._begins["user"]].tolist():
            if system + len(ids) - start <= window:
                return Fitted(_without(ids, system, start), "turns")
        question = int(begins[ids[begins] == self._begins["user"]][-1])
        last = _without(ids, system, question)
        answer = int(begins[-1]) - question + system
        return Fitted(last[:window], "answer") if answer + 1 < window else Fitted(last[:0], "all")

    def _turn(self, turn: Turn, content: list[int]) -> list[int]:
        return [self._begins[turn.role], *content, *self._ends[turn.role]]


def _without(ids: NDArray[np.int32], start: int, end: int) -> NDArray[np.int32]:
    return np.concatenate([ids[:start], ids[end:]])
