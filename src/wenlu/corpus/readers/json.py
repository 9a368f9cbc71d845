"""A JSON file: a list of objects, or an object in which such a list stands."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from typing import IO, Any, cast

from wenlu.base.errors import WenluError, missing_package
from wenlu.base.records import Dropped, Source, Text
from wenlu.corpus.readers.fields import check_named, text_of
from wenlu.corpus.readers.opened import Opened
from wenlu.corpus.settings import SourceConfig

_DEEPEST = 64

_Event = tuple[str, Any]


def read_json(opened: Opened, source: SourceConfig) -> Iterator[Text | Dropped]:
    """The objects of every list of objects in the file, one at a time; `source.line` counts them from 1.

    Raises WenluError `broken_json` where the file ends early or is no JSON: what is behind can't be read.
    """
    check_named(source)
    for fields, place in objects_of_lists(opened, source):
        yield text_of(fields, place, opened, source)


def objects_of_lists(opened: Opened, source: SourceConfig) -> Iterator[tuple[dict[str, Any], Source]]:
    """The objects themselves and where they stand; raises as `read_json`."""
    try:
        for number, fields in enumerate(_objects(_as_utf8(opened)), 1):
            yield fields, Source(opened.name, number)
    except (_broken(), UnicodeDecodeError) as error:
        raise WenluError(
            "broken_json",
            f"{source.uri}: {opened.name} is no JSON: {str(error).splitlines()[0]}.",
            hint="A JSON object a line is the format jsonl.",
        ) from None


def _objects(file: IO[bytes]) -> Iterator[dict[str, Any]]:
    """The items of the lists that begin with an object and stand in no such list themselves."""
    import ijson

    # ijson's own paths (`parse`, `items`) take memory by the square of the depth; its plain events do not.
    events = _shallow(ijson.basic_parse(file, use_float=True))
    before = ""
    for event, _ in events:
        if (before, event) == ("start_array", "start_map"):
            yield from _items(events)
        before = event


def _shallow(events: Iterable[_Event]) -> Iterator[_Event]:
    """The same events; refuses a file that is nested deeper than any list of texts."""
    depth = 0
    for event in events:
        depth += event[0].startswith("start_") - event[0].startswith("end_")
        if depth > _DEEPEST:
            raise _broken()(f"more than {_DEEPEST} levels deep")
        yield event


def _items(events: Iterator[_Event]) -> Iterator[dict[str, Any]]:
    """The objects of a list whose first one has just begun; what is no object counts as an empty one."""
    event = "start_map"
    while event != "end_array":
        value = _built(event, events)
        yield value if isinstance(value, dict) else {}
        event, _ = next(events)


def _built(event: str, events: Iterator[_Event]) -> Any:
    """The value that begins with `event`, read to its end."""
    import ijson

    builder = ijson.ObjectBuilder()
    builder.event(event, None)
    depth = int(event.startswith("start_"))
    while depth:
        event, value = next(events)
        builder.event(event, value)
        depth += event.startswith("start_") - event.startswith("end_")
    return builder.value


def _as_utf8(opened: Opened) -> IO[bytes]:
    """The file as UTF-8 without a mark, which is all that a JSON parser reads."""
    return cast("IO[bytes]", _Recoded(opened.file, opened.encoding))


class _Recoded:
    """Reads bytes of one encoding as UTF-8, in pieces."""

    def __init__(self, file: IO[bytes], encoding: str) -> None:
        self._file = file
        self._decode = codecs.getincrementaldecoder(encoding)().decode
        self._first = True

    def read(self, size: int) -> bytes:
        while size:
            piece = self._file.read(size)
            text = self._decode(piece, final=not piece)
            recoded = (text.removeprefix("\ufeff") if self._first else text).encode()
            self._first = self._first and not text
            if recoded or not piece:
                return recoded
        return b""


def _broken() -> type[Exception]:
    try:
        import ijson
    except ImportError:
        raise missing_package("ijson", extra="data") from None
    error: type[Exception] = ijson.JSONError
    return error
