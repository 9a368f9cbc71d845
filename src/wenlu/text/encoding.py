"""Many texts to ids on all processors, by a pipeline that was saved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from wenlu.base.crew import Job, spread
from wenlu.text.counting import in_chunks
from wenlu.text.pipeline import TextPipeline

Item = TypeVar("Item")


class Encoded(NamedTuple):
    """Some texts as ids: all of them, and how many each text has [N]."""

    ids: NDArray[np.int32]
    lengths: NDArray[np.int64]


def encode_many(texts: Iterable[tuple[str, Item]], folder: Path) -> Iterator[tuple[list[Item], Encoded]]:
    """The ids of texts by the pipeline saved in `folder`, some texts after the other, with what came beside each."""
    chunks = in_chunks((text, len(text[0])) for text in texts)
    pipeline = str(folder.resolve()).encode()
    for chunk, answer in spread(chunks, _bodies, f"{__name__}:encoder", pipeline):
        ids, lengths = msgspec.msgpack.decode(answer, type=tuple[bytes, bytes])
        encoded = Encoded(np.frombuffer(ids, dtype=np.int32), np.frombuffer(lengths, dtype=np.int64))
        yield [beside for _, beside in chunk], encoded


def encoder(folder: bytes) -> Job:
    """A job of a crew: a list of texts in, all their ids and how many each has out."""
    pipeline = TextPipeline.load(Path(folder.decode()))

    def job(texts: bytes) -> bytes:
        rows = pipeline.encode(msgspec.msgpack.decode(texts, type=list[str]))
        lengths = np.fromiter(map(len, rows), dtype=np.int64, count=len(rows))
        ids = np.fromiter(chain.from_iterable(rows), dtype=np.int32, count=int(lengths.sum()))
        return msgspec.msgpack.encode((ids.tobytes(), lengths.tobytes()))

    return job


def _bodies(chunk: list[tuple[str, Item]]) -> bytes:
    return msgspec.msgpack.encode([body for body, _ in chunk])
