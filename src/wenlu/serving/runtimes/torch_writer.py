"""Torch itself for language models: the reference that the other runtimes are compared with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from safetensors.torch import load_model
from torch import Tensor

from wenlu.base.component import component
from wenlu.bundle.generate import generate
from wenlu.bundle.manifest import WEIGHTS
from wenlu.bundle.sampling import Sampling
from wenlu.bundle.seal import Bundle
from wenlu.models import MODELS

_LOGITS = 1 << 24  # held at once


class TorchWriter:
    """A bundle's weights in the architecture its manifest names."""

    def __init__(self, bundle: Bundle) -> None:
        manifest = bundle.manifest
        named = component(MODELS, {"name": manifest.architecture.name, **manifest.architecture.config}, where="bundle")
        self._model = named.kind(named.config, vocabulary_size=manifest.vocabulary_size)
        load_model(self._model, bundle.folder / WEIGHTS)
        self._model.eval()
        self._window = manifest.max_length
        self._rows = max(1, _LOGITS // manifest.vocabulary_size // self._window)

    def nats(self, rows: Sequence[Sequence[int]], counted: Sequence[Sequence[bool]] | None = None) -> list[float]:
        """A row longer than the model's context is read in windows that overlap by half; each id is counted once, with
        at least half a context before it."""
        sums = [0.0] * len(rows)
        windows = [window for number, row in enumerate(rows) for window in _windows(number, row, self._window)]
        windows.sort(key=lambda window: len(window.ids))
        with torch.inference_mode():
            for start in range(0, len(windows), self._rows):
                batch = windows[start : start + self._rows]
                for window, nats in zip(batch, self._counted(batch, counted), strict=True):
                    sums[window.row] += nats
        return sums

    def write(self, prompt: Sequence[int], sampling: Sampling, *, end: int) -> Iterator[int]:
        return generate(self._model, prompt, sampling, end=end)

    def close(self) -> None:
        del self._model

    def _counted(self, windows: Sequence[_Window], counted: Sequence[Sequence[bool]] | None) -> list[float]:
        longest = max(len(window.ids) for window in windows)
        tokens_BT = torch.zeros(len(windows), longest, dtype=torch.long)
        counted_BT = torch.zeros(len(windows), longest, dtype=torch.bool)
        for place, (row, start, ids, seen) in enumerate(windows):
            tokens_BT[place, : len(ids)] = torch.tensor(ids)
            counted_BT[place, seen : len(ids)] = True
            if counted is not None:
                counted_BT[place, : len(ids)] &= torch.tensor(counted[row][start : start + len(ids)], dtype=torch.bool)
        logits_BTV: Tensor = self._model(tokens_BT[:, :-1])
        chosen_BT = logits_BTV.gather(2, tokens_BT[:, 1:, None]).squeeze(2)
        nats_BT = logits_BTV.logsumexp(2) - chosen_BT
        sums: list[float] = (nats_BT * counted_BT[:, 1:]).double().sum(1).tolist()
        return sums


class _Window(NamedTuple):
    """Which row it is from and where it starts there, its ids, and how many of them at its beginning are not
    counted."""

    row: int
    start: int
    ids: Sequence[int]
    seen: int


def _windows(number: int, row: Sequence[int], longest: int) -> Iterator[_Window]:
    """A row in windows of at most `longest` ids and the one that follows.

    >>> [(window.ids, window.seen) for window in _windows(0, [1, 2, 3, 4, 5, 6], 4)]
    [([1, 2, 3, 4, 5], 1), ([3, 4, 5, 6], 3)]
    """
    start, seen = 0, 1
    while True:
        window = row[start : start + longest + 1]
        yield _Window(number, start, window, seen)
        if start + len(window) >= len(row):
            return
        start += longest // 2
        seen = longest + 1 - longest // 2
