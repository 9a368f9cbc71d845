"""Many texts cut at once: their pieces, each said once, and the texts as numbers of these."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from wenlu.base.component import Component, component
from wenlu.base.crew import Job, Work, spread
from wenlu.text.encoded import Encoded
from wenlu.text.normalize import Normalizer
from wenlu.text.segment import SEGMENTERS, Segmenter, made

Item = TypeVar("Item")

_TOGETHER = 2_000  # texts cut at once,
_CHARACTERS_TOGETHER = 200_000  # or fewer if they are long


class Cut(NamedTuple):
    """Some texts: the pieces that occur in the order they first do, and the texts as places in that list."""

    pieces: list[str]
    texts: Encoded

    @property
    def counts(self) -> NDArray[np.int64]:
        """How often each piece occurs."""
        return np.bincount(self.texts.ids, minlength=len(self.pieces))


def cut(texts: Sequence[str], segment: Segmenter) -> Cut:
    """The cuts of each text alone; texts are joined to be cut at once where the segmenter allows it."""
    if not texts:
        return Cut([], Encoded.of([]))
    joined = segment.apart.join(texts)
    if segment.apart and joined.count(segment.apart) == len(texts) - 1:
        return _cut_joined(joined, segment)
    return numbered(list(map(segment, texts)))


def numbered(rows: Sequence[Sequence[str]]) -> Cut:
    """Texts that are cut already."""
    find = numbers()
    lengths = np.fromiter(map(len, rows), dtype=np.int64, count=len(rows))
    found = map(find.__getitem__, chain.from_iterable(rows))
    ids = np.fromiter(found, dtype=np.int32, count=int(lengths.sum()))
    return Cut(list(find), Encoded(ids, lengths))


def numbers() -> defaultdict[str, int]:
    """A number for each piece that is looked up, from 0 in the order they first are."""
    find: defaultdict[str, int] = defaultdict()
    find.default_factory = find.__len__
    return find


def _cut_joined(joined: str, segment: Segmenter) -> Cut:
    find = numbers()
    find[segment.apart] = 0
    pieces = segment(joined)
    ids = np.fromiter(map(find.__getitem__, pieces), dtype=np.int32, count=len(pieces))
    breaks = np.flatnonzero(ids == 0)
    lengths = np.diff(breaks, prepend=-1, append=len(ids)) - 1
    return Cut(list(find)[1:], Encoded(ids[ids != 0] - np.int32(1), lengths))


def cut_many(
    texts: Iterable[tuple[str, Item]], segmenter: Component, *, clean: Sequence[str] = (), normalize: Sequence[str] = ()
) -> Iterator[tuple[list[Item], Cut]]:
    """Texts cleaned, normalised and cut, some after the other, with what came beside each; of a large corpus on all
    processors."""
    cutter = Cutter(segmenter, clean=clean, normalize=normalize)
    work: Work[list[tuple[str, Item]], Cut] = Work(
        lambda chunk: cutter(_bodies(chunk)), f"{__name__}:worker", cutter.settings(), _encode, _decode
    )
    for chunk, found in spread(in_chunks((text, len(text[0])) for text in texts), work):
        yield [beside for _, beside in chunk], found


class Cutter:
    """Texts cleaned, normalised and cut."""

    def __init__(self, segmenter: Component, *, clean: Sequence[str], normalize: Sequence[str]) -> None:
        self._segmenter = segmenter
        self._segment = made(segmenter)
        self._clean, self._normalize = Normalizer(clean), Normalizer(normalize)

    def __call__(self, texts: Sequence[str]) -> Cut:
        return cut(self._normalize.many(self._clean.many(texts)), self._segment)

    def settings(self) -> bytes:
        """From which `worker` makes the same in another process."""
        return msgspec.json.encode([self._segmenter.as_data(), self._clean.steps, self._normalize.steps])


def worker(settings: bytes) -> Job:
    """A job of a crew: a list of texts in, a Cut out."""
    segmenter, clean, normalize = msgspec.json.decode(settings)
    cutter = Cutter(component(SEGMENTERS, segmenter, where="segmenter"), clean=clean, normalize=normalize)

    def job(texts: bytes) -> bytes:
        found = cutter(msgspec.msgpack.decode(texts, type=list[str]))
        return msgspec.msgpack.encode((found.pieces, found.texts.to_bytes()))

    return job


def _bodies(chunk: list[tuple[str, Item]]) -> list[str]:
    return [body for body, _ in chunk]


def _encode(chunk: list[tuple[str, Item]]) -> bytes:
    return msgspec.msgpack.encode(_bodies(chunk))


def _decode(answer: bytes) -> Cut:
    pieces, texts = msgspec.msgpack.decode(answer, type=tuple[list[str], bytes])
    return Cut(pieces, Encoded.from_bytes(texts))


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
