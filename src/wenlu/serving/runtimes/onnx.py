"""ONNX Runtime on the processor: what classifiers are served with."""

from __future__ import annotations

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from wenlu.base.errors import WenluError
from wenlu.bundle.manifest import ONNX
from wenlu.bundle.predict import Ids
from wenlu.bundle.seal import Bundle


class OnnxRuntime:
    """Logits from the bundle's `model.onnx`."""

    def __init__(self, bundle: Bundle, *, threads: int = 1) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3  # errors only; its warnings are about its own optimiser
        try:
            # From bytes, not from a path: a model read so can't draw in external data files.
            self._session = onnxruntime.InferenceSession(
                (bundle.folder / ONNX).read_bytes(), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime raises a dozen unrelated classes for a file it can't take
            raise WenluError("broken_model", f"{bundle.folder / ONNX} can't be loaded: {error}") from error

    def predict(self, tokens_BT: Ids, lengths_B: Ids) -> NDArray[np.float32]:
        logits_BC: NDArray[np.float32] = self._session.run(None, {"tokens": tokens_BT, "lengths": lengths_B})[0]
        return logits_BC

    def close(self) -> None:
        del self._session
