"""The one way to what a model answers: evaluation, the golden answers, `wenlu predict --chat` and `wenlu chat` call
it."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from wenlu.base.errors import WenluError
from wenlu.bundle.sampling import Sampling
from wenlu.bundle.seal import Bundle
from wenlu.bundle.writer import Surprises, Writer, WritingRuntime
from wenlu.text.chat.conversation import Turn
from wenlu.text.chat.turns import Turns
from wenlu.text.stream import StreamDecoder


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the model reads before it answers, how many ids it may write then, and how many turns it no longer reads,
    since they don't fit into its window."""

    ids: list[int]
    room: int
    forgotten: int


@dataclass(frozen=True, slots=True)
class Answered:
    """What a model answered: the text, how many ids it is, whether the model ended it itself, and turns forgotten."""

    text: str
    ids: int
    ended: bool
    forgotten: int


class Chat:
    """A bundle that was taught to answer, with a runtime that computes for it.

    Contents are read as they are after the bundle's cleaning. Whatever they spell, they never become marks of turns.
    """

    def __init__(self, bundle: Bundle, runtime: WritingRuntime) -> None:
        """Raises WenluError `no_chat` for a bundle without a template for conversations, and what `Writer` raises."""
        self.writer = Writer(bundle, runtime)
        self.bundle = bundle
        self.turns = _turns(bundle)
        self._runtime = runtime
        self._window = bundle.manifest.max_length
        self._end = bundle.pipeline.tokenizer.end_id
        self._piece_bytes = bundle.pipeline.piece_bytes

    def answer(self, turns: Sequence[Turn], sampling: Sampling) -> Answered:
        """The answer to a conversation, which ends with a question; the same one and sampling give the same answer."""
        prompt = self.prompt(turns, sampling)
        ids = list(self._written(prompt, sampling))
        decoder = StreamDecoder(self._piece_bytes)
        ended = len(ids) < min(sampling.length, prompt.room)
        return Answered("".join(map(decoder.push, ids)), len(ids), ended, prompt.forgotten)

    def stream(self, turns: Sequence[Turn], sampling: Sampling) -> Iterator[str]:
        """The same as soon as it is written: parts of no half character, none of them empty."""
        return self._parts(self.prompt(turns, sampling), sampling)

    def prompt(self, turns: Sequence[Turn], sampling: Sampling) -> Prompt:
        """What is read of a conversation: as many of its newest turns, from a question on, as leave room for an answer
        of `sampling.length` ids, or of half the window; the system's turn is always read.

        Raises WenluError `bad_conversation` where it does not end with a question, `too_long` where the system's turn
        and the question alone leave no such room.
        """
        if not turns or turns[-1].role != "user":
            raise WenluError("bad_conversation", "A conversation that is to be answered ends with a question.")
        found = next(self._prompts(turns, sampling), None)
        if found is None:
            raise WenluError(
                "too_long",
                f"The question is longer than the {self._most(sampling):,} ids that {self.bundle.title} reads before "
                "an answer.",
                hint="Shorten it, or ask for a shorter answer.",
            )
        return found

    def can_answer(self, turns: Sequence[Turn], sampling: Sampling) -> bool:
        """Whether the whole conversation leaves room for an answer."""
        found = next(self._prompts(turns, sampling), None)
        return found is not None and not found.forgotten

    def surprises(self, conversations: Sequence[Sequence[Turn]]) -> Surprises:
        """How surprising the answers of conversations are to the model, and how many ids they are, in each case with
        the marks that end them. One that is longer than the window is read in windows that overlap."""
        rows = self.turns.encode(conversations)
        counted = [self.turns.answered(np.array(row, dtype=np.int32)) for row in rows]
        nats = self._runtime.nats(rows, [row.tolist() for row in counted])
        return Surprises(np.array(nats), np.array([row.sum() for row in counted], dtype=np.int64))

    def close(self) -> None:
        self._runtime.close()

    def _prompts(self, turns: Sequence[Turn], sampling: Sampling) -> Iterator[Prompt]:
        """Those that leave room, the longest first."""
        system = 1 if turns[0].role == "system" else 0
        rows = self.turns.by_turn(turns)
        for first in (place for place in range(system, len(turns)) if turns[place].role == "user"):
            ids = list(chain(*rows[:system], *rows[first:], self.turns.answering))
            if len(ids) <= self._most(sampling):
                yield Prompt(ids, self._window - len(ids), first - system)

    def _most(self, sampling: Sampling) -> int:
        """Ids of a prompt at most."""
        return self._window - min(sampling.length, self._window // 2)

    def _parts(self, prompt: Prompt, sampling: Sampling) -> Iterator[str]:
        decoder = StreamDecoder(self._piece_bytes)
        for number in self._written(prompt, sampling):
            if part := decoder.push(number):
                yield part

    def _written(self, prompt: Prompt, sampling: Sampling) -> Iterator[int]:
        """Ids until the mark that ends an answer; any other mark, or the end of a text, would begin what is not the
        model's to say."""
        bounded = sampling.model_copy(update={"length": min(sampling.length, prompt.room)})
        for number in self._runtime.write(prompt.ids, bounded, end=self.turns.stop):
            if self.turns.is_mark(number) or number == self._end:
                return
            yield number


class Conversation:
    """One conversation, which remembers what was said: `for part in conversation.say("你好", sampling): …`."""

    def __init__(self, chat: Chat, *, system: str = "") -> None:
        self.turns = [Turn("system", system)] if system else []
        self.forgotten = 0
        """Turns that the model did not read for its last answer."""
        self._chat = chat

    def say(self, text: str, sampling: Sampling) -> Generator[str, None, None]:
        """The answer as it is written. Where it is stopped, what was said so far is the answer; a question to which
        nothing was said is as if it had not been asked."""
        asked = [*self.turns, Turn("user", text)]
        prompt = self._chat.prompt(asked, sampling)
        self.forgotten = prompt.forgotten
        return self._said(asked, self._chat.stream(asked, sampling))

    def _said(self, asked: list[Turn], parts: Iterator[str]) -> Generator[str, None, None]:
        said: list[str] = []
        try:
            for part in parts:
                said.append(part)
                yield part
        finally:
            if said:
                self.turns = [*asked, Turn("assistant", "".join(said))]


def _turns(bundle: Bundle) -> Turns:
    if bundle.pipeline.turns is None:
        raise WenluError(
            "no_chat",
            f"{bundle.title} has no template for conversations: it writes on, and does not answer.",
            hint="Teach it with a recipe of conversations: start: its name, and data.sources with format: chat.",
        )
    return bundle.pipeline.turns
