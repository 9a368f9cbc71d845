"""A classifier as an ONNX graph with free batch and length."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from pathlib import Path

import torch
from torch import nn

from wenlu.base.errors import missing_package

_BATCH, _LENGTH = "batch", "length"


def export_onnx(model: nn.Module, path: Path) -> None:
    """Write `model` to `path`: `tokens` [batch, length] and `lengths` [batch] in, `logits` [batch, labels] out."""
    try:
        import onnxscript  # noqa: F401  (torch's exporter needs it and belongs to an optional extra)
    except ImportError:
        raise missing_package("onnxscript", extra="export") from None
    model.eval()
    example = (torch.tensor([[2, 3, 4, 1, 1], [3, 1, 1, 0, 0]]), torch.tensor([5, 3]))
    batch, length = torch.export.Dim(_BATCH), torch.export.Dim(_LENGTH)
    with _quiet():
        program = torch.onnx.export(
            model,
            example,
            dynamo=True,
            input_names=["tokens", "lengths"],
            output_names=["logits"],
            dynamic_shapes=({0: batch, 1: length}, {0: batch}),
            external_data=False,
            verbose=False,
        )
        program.save(path)


@contextlib.contextmanager
def _quiet():  # type: ignore[no-untyped-def]
    """The exporter tells of its attempts on every channel; what counts is whether the parity test passes."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
