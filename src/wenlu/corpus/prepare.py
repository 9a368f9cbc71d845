"""What is done to each text by itself, many at a time: normalise, refuse, name, and note what it looks like.

It knows nothing of the other texts, so it can be done anywhere and in any number of places at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from wenlu.base.crew import Job, Work, spread
from wenlu.base.records import Text
from wenlu.base.spec import Spec, check
from wenlu.corpus.clean import Clean, CleanConversations, content_id
from wenlu.corpus.cluster import RayCrew
from wenlu.corpus.dedup.near import Bands
from wenlu.corpus.dedup.shingles import shingled
from wenlu.corpus.settings import CleanConfig, DedupConfig, SplitConfig
from wenlu.corpus.split import Splitter
from wenlu.text.runs import runs

_WORKER = "wenlu.corpus.prepare:worker"
_SIGNED = 300_000  # characters, 100 bytes each while their shingles are hashed


class Prepared(msgspec.Struct, frozen=True, array_like=True):
    """Of N texts: `reasons` [N] to refuse each or nothing; of those K that stay their bodies, ids and splits (places in
    SPLITS), and what they show in each band, as the bytes of uint64 [K, width]."""

    reasons: list[str]
    bodies: list[str]
    ids: list[bytes]
    splits: list[int]
    seen: bytes
    width: int

    @property
    def bands(self) -> NDArray[np.uint64]:
        """What each text shows in each band [K, bands]."""
        return np.frombuffer(self.seen, dtype=np.uint64).reshape(len(self.ids), self.width)


class Settings(Spec):
    """What decides the work."""

    clean: CleanConfig
    dedup: DedupConfig
    split: SplitConfig
    fixed: Sequence[str] = ()
    chat: bool = False


class Prepare:
    """Raw texts in, prepared ones out."""

    def __init__(self, settings: Settings) -> None:
        self._clean = (CleanConversations if settings.chat else Clean)(settings.clean)
        self._split_of = Splitter(settings.split, fixed=settings.fixed)
        self._shingle = settings.dedup.shingle
        self._bands = None if settings.dedup.near is None else Bands.at(settings.dedup.near)

    def __call__(self, texts: Sequence[str]) -> Prepared:
        bodies, reasons = self._clean(texts)
        kept = [body for body, reason in zip(bodies, reasons, strict=True) if not reason] if any(reasons) else bodies
        ids = list(map(content_id, kept))
        splits = [self._split_of(text_id.hex()) for text_id in ids]
        seen = self._seen(kept)
        return Prepared(reasons, kept, ids, splits, seen.tobytes(), seen.shape[1])

    def _seen(self, bodies: Sequence[str]) -> NDArray[np.uint64]:
        if self._bands is None:
            return np.empty((len(bodies), 0), dtype=np.uint64)
        parts = [self._bands.hashes(shingled(run, length=self._shingle)) for run in runs(bodies, characters=_SIGNED)]
        return np.concatenate([np.empty((0, self._bands.number), dtype=np.uint64), *parts])


def worker(settings: bytes) -> Job:
    """The same as a job of a crew: a list of texts in, Prepared out."""
    prepare = Prepare(check(Settings, settings, where="worker"))
    return lambda texts: msgspec.msgpack.encode(prepare(msgspec.msgpack.decode(texts, type=list[str])))


def prepare_all(
    chunks: Iterable[list[Text]], settings: Settings, *, cluster: str | None = None
) -> Iterator[tuple[list[Text], Prepared]]:
    """Every chunk with what became of it, in order. A small import is done here, a large one on all processors, and
    one for which a Ray cluster is named on its nodes; the outcome is the same."""
    prepare, said = Prepare(settings), settings.model_dump_json().encode()
    work = Work(lambda chunk: prepare(_bodies(chunk)), _WORKER, said, _encode, _decode)
    return _on_cluster(chunks, work, cluster) if cluster else spread(chunks, work)


def _on_cluster(
    chunks: Iterable[list[Text]], work: Work[list[Text], Prepared], address: str
) -> Iterator[tuple[list[Text], Prepared]]:
    with RayCrew(work.factory, work.settings, address=address) as crew:
        for chunk, answer in crew.map(chunks, work.encode):
            yield chunk, work.decode(answer)


def _bodies(chunk: list[Text]) -> list[str]:
    return [text.body for text in chunk]


def _encode(chunk: list[Text]) -> bytes:
    return msgspec.msgpack.encode(_bodies(chunk))


def _decode(answer: bytes) -> Prepared:
    return msgspec.msgpack.decode(answer, type=Prepared)
