"""What computes: one runtime a file, one row here."""

from __future__ import annotations

from wenlu.base.table import Table

RUNTIMES = Table(
    "runtime",
    {
        "onnx": "wenlu.serving.runtimes.onnx:OnnxRuntime",
        "torch": "wenlu.serving.runtimes.torch:TorchRuntime",
    },
)

WRITERS = Table("writer", {"torch": "wenlu.serving.runtimes.torch_writer:TorchWriter"})
"""The same for language models."""

REWRITERS = Table("rewriter", {"torch": "wenlu.serving.runtimes.torch_rewriter:TorchRewriter"})
"""The same for models from text to text."""
