"""Many texts to ids on all processors, by a pipeline that was saved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import msgspec

from wenlu.base.crew import Job, Work, spread
from wenlu.text.cutting import in_chunks
from wenlu.text.encoded import Encoded
from wenlu.text.pipeline import TextPipeline

Item = TypeVar("Item")


def encode_many(
    texts: Iterable[tuple[str, Item]], pipeline: TextPipeline, folder: Path
) -> Iterator[tuple[list[Item], Encoded]]:
    """The ids of texts by a pipeline that is saved in `folder`, some texts after the other, with what came beside
    each."""
    place = str(folder.resolve()).encode()
    work: Work[list[tuple[str, Item]], Encoded] = Work(
        lambda chunk: pipeline.encode_bodies(_bodies(chunk)),
        f"{__name__}:encoder",
        place,
        _encode,
        Encoded.from_bytes,
    )
    for chunk, encoded in spread(in_chunks((text, len(text[0])) for text in texts), work):
        yield [beside for _, beside in chunk], encoded


def encoder(folder: bytes) -> Job:
    """A job of a crew: a list of texts in, Encoded out."""
    pipeline = TextPipeline.load(Path(folder.decode()))
    return lambda texts: pipeline.encode_bodies(msgspec.msgpack.decode(texts, type=list[str])).to_bytes()


def _bodies(chunk: list[tuple[str, Item]]) -> list[str]:
    return [body for body, _ in chunk]


def _encode(chunk: list[tuple[str, Item]]) -> bytes:
    return msgspec.msgpack.encode(_bodies(chunk))
