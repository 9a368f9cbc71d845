"""How often each piece occurs in a corpus, counted on all processors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TypeVar

import msgspec

from wenlu.base.component import Component, component
from wenlu.base.crew import Job, spread
from wenlu.text.segment import SEGMENTERS, made

Item = TypeVar("Item")

_TOGETHER = 2_000  # texts cut at once,
_CHARACTERS_TOGETHER = 200_000  # or fewer if they are long


def count_pieces(texts: Iterable[str], segmenter: Component) -> Iterator[dict[str, int]]:
    """The pieces of some texts after the other, counted."""
    settings = msgspec.json.encode(segmenter.as_data())
    chunks = in_chunks((text, len(text)) for text in texts)
    for _, counts in spread(chunks, msgspec.msgpack.encode, f"{__name__}:counter", settings):
        yield msgspec.msgpack.decode(counts, type=dict[str, int])


def counter(settings: bytes) -> Job:
    """A job of a crew: a list of texts in, their pieces counted out."""
    segment = made(component(SEGMENTERS, msgspec.json.decode(settings), where="segmenter"))

    def job(texts: bytes) -> bytes:
        pieces = map(segment, msgspec.msgpack.decode(texts, type=list[str]))
        return msgspec.msgpack.encode(Counter(chain.from_iterable(pieces)))

    return job


def in_chunks(items: Iterable[tuple[Item, int]]) -> Iterator[list[Item]]:
    """Things with their numbers of characters, as many at a time as are worth a message between processes."""
    chunk: list[Item] = []
    characters = 0
    for item, size in items:
        chunk.append(item)
        characters += size
        if len(chunk) >= _TOGETHER or characters >= _CHARACTERS_TOGETHER:
            yield chunk
            chunk, characters = [], 0
    if chunk:
        yield chunk
