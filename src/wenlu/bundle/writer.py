"""The one way to what a language model says: how surprised it is by texts, and how it goes on. Evaluation, the golden
answers, `wenlu predict` and the service call it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from wenlu.base.errors import WenluError
from wenlu.bundle.sampling import Sampling
from wenlu.bundle.seal import Bundle
from wenlu.text.stream import StreamDecoder


class WritingRuntime(Protocol):
    """Computes for a language model. Not safe for two threads at once."""

    def nats(self, rows: Sequence[Sequence[int]], counted: Sequence[Sequence[bool]] | None = None) -> list[float]:
        """Of each row -Σ ln p(id | those before it), from its second id on; of the ids that are `counted`, if given."""

    def write(self, prompt: Sequence[int], sampling: Sampling, *, end: int) -> Iterator[int]:
        """The ids that follow `prompt`, as they come, until `end` (which is not among them) or `sampling.length`."""

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Surprises:
    """Of some texts [N]: how surprising they are in nats, the end of each included, and their tokens, with that end."""

    nats: NDArray[np.float64]
    tokens: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Written:
    """What a model wrote: the text, how many ids it is, and whether the model ended it itself."""

    text: str
    ids: int
    ended: bool


class Writer:
    """A bundle of a language model with a runtime that computes for it."""

    def __init__(self, bundle: Bundle, runtime: WritingRuntime) -> None:
        """Raises WenluError `no_writer` for a bundle of another task."""
        if bundle.manifest.task != "generate":
            raise WenluError("no_writer", f"{bundle.title} is a model to {bundle.manifest.task}, and writes nothing.")
        self.bundle = bundle
        self._runtime = runtime
        self._tokenizer = bundle.pipeline.tokenizer
        self._end = self._tokenizer.end_id

    def surprises(self, texts: Sequence[str]) -> Surprises:
        """How surprising texts are to the model. They are read as they are after the bundle's cleaning."""
        rows = [[self._end, *ids, self._end] for ids in self._ids(texts)]
        nats = np.fromiter(self._runtime.nats(rows), dtype=np.float64, count=len(rows))
        return Surprises(nats, np.fromiter((len(row) - 1 for row in rows), dtype=np.int64, count=len(rows)))

    def write(self, prompt: str, sampling: Sampling) -> Written:
        """What follows `prompt`; the same prompt and sampling write the same text."""
        ids = list(self._written(prompt, sampling))
        return Written(self.bundle.pipeline.decode(ids), len(ids), ended=len(ids) < sampling.length)

    def stream(self, prompt: str, sampling: Sampling) -> Iterator[str]:
        """The same as soon as it is written: parts of no half character, none of them empty.

        Bytes at the end that make no character are left out.
        """
        decoder = StreamDecoder(self.bundle.pipeline.piece_bytes)
        for number in self._written(prompt, sampling):
            if part := decoder.push(number):
                yield part

    def close(self) -> None:
        self._runtime.close()

    def _written(self, prompt: str, sampling: Sampling) -> Iterator[int]:
        ids = self._ids([prompt])[0] if prompt else []
        return self._runtime.write([self._end, *ids], sampling, end=self._end)

    def _ids(self, texts: Sequence[str]) -> list[list[int]]:
        pipeline = self.bundle.pipeline
        return self._tokenizer.encode_batch([pipeline.normalized(text) for text in texts])
