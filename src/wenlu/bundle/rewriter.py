"""The one way to what a model from text to text answers. Evaluation, the golden answers and `wenlu predict` call it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from wenlu.base.errors import WenluError
from wenlu.bundle.decoding import Decoding
from wenlu.bundle.predict import batches_by_length
from wenlu.bundle.seal import Bundle
from wenlu.bundle.writer import Surprises, Written

_MOST_ROWS, _MOST_TOKENS = 32, 16_384

Rows = Sequence[Sequence[int]]


class RewritingRuntime(Protocol):
    """Computes for a model from text to text. Not safe for two threads at once."""

    def nats(self, sources: Rows, targets: Rows) -> list[float]:
        """Of each target -Σ ln p(id | its source, those before it), from its second id on."""

    def answer(self, sources: Rows, decoding: Decoding, *, end: int, never: Sequence[int]) -> list[list[int]]:
        """The ids of the answer to each source; with its `end`, where it has one."""

    def close(self) -> None: ...


class Rewriter:
    """A bundle of a model from text to text with a runtime that computes for it."""

    def __init__(self, bundle: Bundle, runtime: RewritingRuntime) -> None:
        """Raises WenluError `no_rewriter` for a bundle of another task."""
        if bundle.manifest.task != "seq2seq":
            raise WenluError(
                "no_rewriter", f"{bundle.title} is a model to {bundle.manifest.task}, and rewrites no text."
            )
        self.bundle = bundle
        self._runtime = runtime
        self._tokenizer = bundle.pipeline.tokenizer
        self._end = self._tokenizer.end_id
        self._never = [
            number for number in (self._tokenizer.unk_id, self._tokenizer.pad_id) if number not in (None, self._end)
        ]

    def rewrite(self, texts: Sequence[str], decoding: Decoding) -> list[Written]:
        """The answer to each text, in order. What else is asked at the same time does not change it."""
        sources = self.bundle.pipeline.encode(texts)
        answers = [Written("", 0, ended=True)] * len(texts)
        for rows in _batches([len(source) for source in sources], times=decoding.beams):
            found = self._runtime.answer([sources[row] for row in rows], decoding, end=self._end, never=self._never)
            for row, ids in zip(rows, found, strict=True):
                answers[row] = self._written(ids)
        return answers

    def surprises(self, texts: Sequence[str], targets: Sequence[str]) -> Surprises:
        """How surprising each target is behind its text, both read as far as `max_length` ids."""
        pipeline, longest = self.bundle.pipeline, self.bundle.manifest.max_length
        sources = pipeline.encode(texts)
        rows = [[self._end, *ids, *([self._end] if len(ids) < longest else [])] for ids in pipeline.encode(targets)]
        nats = np.empty(len(rows))
        for some in _batches([len(source) + len(row) for source, row in zip(sources, rows, strict=True)]):
            nats[some] = self._runtime.nats([sources[row] for row in some], [rows[row] for row in some])
        return Surprises(nats, np.fromiter((len(row) - 1 for row in rows), dtype=np.int64, count=len(rows)))

    def close(self) -> None:
        self._runtime.close()

    def _written(self, ids: list[int]) -> Written:
        ended = ids[-1:] == [self._end]
        own = ids[:-1] if ended else ids
        return Written(self._tokenizer.decode(own), len(own), ended=ended)


def _batches(lengths: Sequence[int], *, times: int = 1) -> list[list[int]]:
    """Rows that are computed together, where each stands so many `times` side by side."""
    most = max(1, _MOST_ROWS // times)
    return list(batches_by_length(lengths, most_rows=most, most_tokens=max(1, _MOST_TOKENS // times)))
