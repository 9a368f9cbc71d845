"""Torch itself: the reference that the other runtimes are compared with."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_model

from wenlu.base.component import component
from wenlu.bundle.manifest import WEIGHTS
from wenlu.bundle.predict import Ids
from wenlu.bundle.seal import Bundle
from wenlu.models import MODELS


class TorchRuntime:
    """Logits from the bundle's weights in the architecture its manifest names."""

    def __init__(self, bundle: Bundle) -> None:
        manifest = bundle.manifest
        named = component(MODELS, {"name": manifest.architecture.name, **manifest.architecture.config}, where="bundle")
        self._model = named.kind(named.config, vocabulary_size=manifest.vocabulary_size, labels=manifest.outputs)
        load_model(self._model, bundle.folder / WEIGHTS)
        self._model.eval()

    def predict(self, tokens_BT: Ids, lengths_B: Ids) -> NDArray[np.float32]:
        with torch.inference_mode():
            logits_BC: NDArray[np.float32] = self._model(
                torch.from_numpy(tokens_BT), torch.from_numpy(lengths_B)
            ).numpy()
        return logits_BC

    def close(self) -> None:
        del self._model
