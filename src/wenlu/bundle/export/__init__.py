"""Bundles' weights in the forms that others read: one form a file, one row here. Only these files import torch.

An export is called with the folder of a bundle that is being made, and adds its file there.
"""

from __future__ import annotations

from wenlu.base.table import Table

EXPORTS = Table("export", {"onnx": "wenlu.bundle.export.onnx:export_onnx"})
