"""Torch itself for models from text to text."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from safetensors.torch import load_model
from torch import Tensor
from torch.nn import functional

from wenlu.base.component import component
from wenlu.bundle.decoding import Decoding
from wenlu.bundle.manifest import WEIGHTS
from wenlu.bundle.predict import padded
from wenlu.bundle.seal import Bundle
from wenlu.bundle.search import search
from wenlu.models import MODELS


class TorchRewriter:
    """A bundle's weights in the architecture its manifest names."""

    def __init__(self, bundle: Bundle) -> None:
        manifest = bundle.manifest
        named = component(MODELS, {"name": manifest.architecture.name, **manifest.architecture.config}, where="bundle")
        self._model = named.kind(named.config, vocabulary_size=manifest.vocabulary_size)
        load_model(self._model, bundle.folder / WEIGHTS)
        self._model.eval()

    def nats(self, sources: Sequence[Sequence[int]], targets: Sequence[Sequence[int]]) -> list[float]:
        tokens_BT, sizes_B = _padded(targets)
        with torch.inference_mode():
            states_BTE: Tensor = self._model.states(*_padded(sources), tokens_BT[:, :-1])
            return [
                self._nats(states_BTE[row, : size - 1], tokens_BT[row, 1:size])
                for row, size in enumerate(sizes_B.tolist())
            ]

    def answer(
        self, sources: Sequence[Sequence[int]], decoding: Decoding, *, end: int, never: Sequence[int]
    ) -> list[list[int]]:
        found = search(self._model, *_padded(sources), decoding, end=end, never=never)
        return [[*one.ids, end] if one.ended else list(one.ids) for one in found]

    def close(self) -> None:
        del self._model

    def _nats(self, states_TE: Tensor, targets_T: Tensor) -> float:
        """Of one target, so that the logits of one alone are held."""
        logs_TV = functional.linear(states_TE, self._model.projection).log_softmax(1)
        return -float(logs_TV.gather(1, targets_T.unsqueeze(1)).double().sum())


def _padded(rows: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    ids_BT, lengths_B = padded(rows)
    return torch.from_numpy(ids_BT), torch.from_numpy(lengths_B)
