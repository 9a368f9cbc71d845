"""Conversations: JSON objects, a line each or in lists, in the forms that the field uses."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, cast

import msgspec

from wenlu.base.errors import WenluError
from wenlu.base.records import Dropped, Source, Text
from wenlu.corpus.opening import bare_name
from wenlu.corpus.readers.fields import as_word, found
from wenlu.corpus.readers.json import objects_of_lists
from wenlu.corpus.readers.jsonl import objects_by_line
from wenlu.corpus.readers.opened import Opened
from wenlu.corpus.settings import SourceConfig
from wenlu.text.chat.conversation import NoConversationError, Role, Turn, as_body, checked

_SHOWN = 200
_HEAD = 1 << 16  # bytes that tell a list from lines
_LINES = (".jsonl", ".ndjson")

_ROLES: Mapping[str, Role] = {
    "system": "system", "developer": "system",
    "user": "user", "human": "user",
    "assistant": "assistant", "gpt": "assistant", "chatgpt": "assistant", "bot": "assistant", "model": "assistant",
}  # fmt: skip

_SPEAKERS: tuple[Role, ...] = ("user", "assistant")
_FORMS = ("messages", "conversations", "utterances", "instruction")


def read_chat(opened: Opened, source: SourceConfig) -> Iterator[Text | Dropped]:
    """The conversation of each object, told by its keys:

    - `messages` of `{role, content}` (OpenAI, ChatML)
    - `conversations` of `{from, value}` (ShareGPT)
    - `instruction`, `input`, `output`, and `history`, a list of questions with their answers (Alpaca)
    - `utterances` of `{name, text}` or `{speaker, utterance}`: who speaks first asks, the second one answers

    A field `system` beside them comes first. What can't be learned from is refused: `no_conversation` for other keys
    or values, `unknown_role`, and what `checked` refuses. Raises WenluError `bad_settings` for columns that mean
    nothing here, `broken_json` as the reader of JSON lists.
    """
    if source.text_columns or source.label_column is not None:
        raise WenluError("bad_settings", f"{source.uri}: a conversation has no text_column and no label_column.")
    opened, by_line = _looked_into(opened)
    objects: Iterable[tuple[dict[str, Any], Source] | Dropped] = (
        objects_by_line(opened) if by_line else objects_of_lists(opened, source)
    )
    for one in objects:
        yield one if isinstance(one, Dropped) else _conversation(*one, opened, source)


def _conversation(fields: Mapping[str, Any], place: Source, opened: Opened, source: SourceConfig) -> Text | Dropped:
    try:
        body = as_body(checked(_turns(fields)))
    except NoConversationError as error:
        shown = msgspec.json.encode(fields)[: 4 * _SHOWN].decode(errors="ignore")
        return Dropped(Text(shown[:_SHOWN], source=place), error.reason)
    group = None if source.group_column is None else as_word(found(fields, str(source.group_column)))
    return Text(body, opened.label, place, opened.split, group=group or "")


def _turns(fields: Mapping[str, Any]) -> Iterator[Turn]:
    if system := fields.get("system"):
        yield Turn("system", _word(system))
    if isinstance(messages := fields.get("messages"), list):
        yield from (Turn(_role(one, "role"), _content(one)) for one in messages)
    elif isinstance(said := fields.get("conversations"), list):
        yield from (Turn(_role(one, "from"), _word(_field(one, "value"))) for one in said)
    elif isinstance(said := fields.get("utterances"), list):
        yield from _dialog(said)
    elif "instruction" in fields and "output" in fields:
        yield from _instruction(fields)
    else:
        raise NoConversationError("no_conversation")


def _instruction(fields: Mapping[str, Any]) -> Iterator[Turn]:
    for pair in fields.get("history") or ():
        if not isinstance(pair, list) or len(pair) != 2:
            raise NoConversationError("no_conversation")
        yield Turn("user", _word(pair[0]))
        yield Turn("assistant", _word(pair[1]))
    asked = [_word(fields["instruction"]), _word(fields.get("input") or "")]
    yield Turn("user", "\n".join(part for part in asked if part.strip()))
    yield Turn("assistant", _word(fields["output"]))


def _dialog(utterances: list[Any]) -> Iterator[Turn]:
    names = [_word(_field(one, "name", "speaker")) for one in utterances]
    speakers = list(dict.fromkeys(names))
    if len(speakers) > len(_SPEAKERS):
        raise NoConversationError("unknown_role")
    roles = dict(zip(speakers, _SPEAKERS, strict=False))
    return (
        Turn(roles[name], _word(_field(one, "text", "utterance"))) for name, one in zip(names, utterances, strict=True)
    )


def _role(one: Any, field: str) -> Role:
    role = _ROLES.get(_word(_field(one, field)))
    if role is None:
        raise NoConversationError("unknown_role")
    return role


def _content(message: Any) -> str:
    """What a message says: a text, or a list of parts that are texts."""
    content = _field(message, "content")
    if isinstance(content, list):
        return "".join(_word(_field(part, "text")) for part in content)
    return _word(content)


def _field(one: Any, *names: str) -> Any:
    """The first of these fields that is there."""
    for name in names if isinstance(one, dict) else ():
        if name in one:
            return one[name]
    raise NoConversationError("no_conversation")


def _word(value: Any) -> str:
    if value is None:
        raise NoConversationError("empty_content")
    if not isinstance(value, str):
        raise NoConversationError("no_conversation")
    return value


def _looked_into(opened: Opened) -> tuple[Opened, bool]:
    """The same file, and whether its objects stand a line each."""
    head = opened.file.read(_HEAD)
    begun = cast("IO[bytes]", io.BufferedReader(_Begun(head, opened.file)))
    by_name = Path(bare_name(Path(opened.name))).suffix.lower() in _LINES
    text = head.decode(opened.encoding, "ignore").lstrip("\ufeff \t\r\n")
    return replace(opened, file=begun), by_name or _begins_with_a_line(text)


def _begins_with_a_line(text: str) -> bool:
    """Whether the first line is an object of its own, or too long to see; a list, or an object with one inside, is not.

    >>> _begins_with_a_line('{"messages": []}\\n{'), _begins_with_a_line('[{"messages": []}]')
    (True, False)
    """
    line, end, _ = text.partition("\n")
    if not line.startswith("{"):
        return False
    try:
        fields = msgspec.json.decode(line, type=dict[str, Any])
    except msgspec.MsgspecError:
        return not end and len(text.encode()) > _HEAD // 2
    return any(key in fields for key in _FORMS)


class _Begun(io.RawIOBase):
    """A file of which the beginning was read already."""

    def __init__(self, head: bytes, rest: IO[bytes]) -> None:
        self._pieces = itertools.chain([head] if head else [], iter(lambda: rest.read(_HEAD), b""))
        self._piece = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(cast(bytearray, buffer))
        self._piece = self._piece or next(self._pieces, b"")
        number = min(len(view), len(self._piece))
        view[:number], self._piece = self._piece[:number], self._piece[number:]
        return number
