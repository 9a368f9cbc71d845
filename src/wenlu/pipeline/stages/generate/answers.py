"""What a model that answers has answered, recorded."""

from __future__ import annotations

from collections.abc import Sequence

from wenlu.bundle.chat import Chat
from wenlu.bundle.parity import Golden
from wenlu.bundle.sampling import Sampling
from wenlu.text.chat.conversation import Turn, turns_of

_GREEDY = Sampling(length=16)


def question_of(body: str) -> str:
    """What a conversation begins with asking."""
    return next(turn.content for turn in turns_of(body) if turn.role == "user")


def record_answers(chat: Chat, questions: Sequence[str]) -> list[Golden]:
    """To each question that leaves room for an answer: the ids that are read, the answer if the likeliest id is taken
    each time, and how surprising that answer is, by id with the mark that ends it."""
    return [_recorded(chat, asked) for asked in questions if chat.can_answer([Turn("user", asked)], _GREEDY)]


def _recorded(chat: Chat, asked: str) -> Golden:
    turns = [Turn("user", asked)]
    answer = chat.answer(turns, _GREEDY).text
    found = chat.surprises([[*turns, Turn("assistant", answer)]])
    return Golden(asked, chat.prompt(turns, _GREEDY).ids, answer, {"nats": float(found.nats[0] / found.tokens[0])})
