"""How a conversation is laid out for a model: marks around each turn, each of which is one id of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from wenlu.text.chat.conversation import ROLES, Role, Turn

# A noncharacter of Unicode, which no text holds. Written behind each `<` of a content where a conversation goes through
# one string, as in other programs, it keeps what a user types from being read as a mark; the tokenizer drops it.
APART = "\ufdd0"


@dataclass(frozen=True, slots=True)
class Template:
    """Marks before and behind what each role says; a mark of nothing is none. Every mark begins with `<`.

    The answer to a conversation begins behind the assistant's first mark, and ends with its second one.
    """

    before: Mapping[Role, str]
    after: Mapping[Role, str]

    @property
    def marks(self) -> list[str]:
        """Every mark once, in the order of their ids."""
        said = [*(self.before[role] for role in ROLES), *(self.after[role] for role in ROLES)]
        return [mark for mark in dict.fromkeys(said) if mark]

    def text(self, turns: Sequence[Turn], *, answering: bool = False) -> str:
        """The conversation as one string, as `jinja` writes it; with `answering`, up to where an answer begins."""
        said = [self.before[turn.role] + _apart(turn.content) + self.after[turn.role] for turn in turns]
        return "".join(said) + (self.before["assistant"] if answering else "")

    def jinja(self) -> str:
        """The same as a `chat_template` of Hugging Face's libraries: `messages` and `add_generation_prompt`."""
        return (
            f"{{%- set before = {_literal(self.before)} -%}}{{%- set after = {_literal(self.after)} -%}}"
            "{%- for message in messages -%}"
            "{%- if message['role'] not in before -%}"
            "{{- raise_exception('The roles are system, user and assistant.') -}}"
            "{%- endif -%}"
            f"{{{{- before[message['role']] + (message['content'] | replace('<', '<{APART}')) -}}}}"
            "{{- after[message['role']] -}}"
            "{%- endfor -%}"
            "{%- if add_generation_prompt -%}{{- before['assistant'] -}}{%- endif -%}"
        )


def _apart(content: str) -> str:
    return content.replace("<", f"<{APART}")


def _literal(said: Mapping[Role, str]) -> str:
    """A mapping as Jinja writes it, which is as JSON does."""
    return json.dumps(dict(said))
